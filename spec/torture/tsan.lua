--- Runs the program `threads` against an emulator:
--
--     lua5.4 spec/torture/tsan.lua PROGRAM [THREADS [ROUNDS]]
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local folder = shell.folder()
local e <close> = emulator.start { people = 40, accounts = 60 }
local text, status = shell.run(("%s %d %d spec/torture/threads.lua %s %s"):format(arg[1],
  tonumber(arg[2] or 8), tonumber(arg[3] or 3), e.url, folder))
shell.remove(folder)
io.write(text)
e:stop()
os.exit(status == 0, true)
