#!/usr/bin/env lua5.4
-- main - what the command `sei` starts.
local status = require "sei.cli".main(arg)
-- Large memory is given back at once by the system, and piece by piece by Lua.
os.exit(status, collectgarbage "count" < 64 * 1024)
