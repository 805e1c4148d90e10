--- The command `sei emulator`: options and work are the emulator's own.
return require "sei.sandbox.command"
