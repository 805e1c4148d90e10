#!/usr/bin/env lua5.4
-- main - what the command `sei` starts.
os.exit(require "sei.cli".main(arg), true)
