--- Runs the programs with threads against an emulator, built by a sanitizer or
-- not; each of them prints what it did:
--
--     lua5.4 spec/torture/tsan.lua BUILD [THREADS [ROUNDS [RECIPES]]]
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local build, threads, rounds, recipes = arg[1], arg[2] or "8", arg[3] or "3", arg[4] or "1000"
local folder = shell.folder()
local e <close> = emulator.start { people = 40, accounts = 60 }
local client = ('{"base_url":"%s","api_key":{"env":"SEI_API_KEY"},"pace":false}'):format(e.url)
local bad = 0

local function run(name, ...)
  local text, status = shell.run("SEI_API_KEY=test-key timeout -k 5 900 " .. shell.join {
    build .. "/" .. name, ... })
  io.write(text)
  if status ~= 0 then
    print(("%s: status %d"):format(name, status))
    bad = bad + 1
  end
end

run("spec/threads", threads, rounds, "spec/torture/threads.lua", e.url, folder)
run("examples/threads", client, threads, recipes)
run("examples/loop", client, "8")
run("spec/host/jobs", "cancel", client)
e:latency(200)
run("examples/threads", client, threads, "40", "100")
shell.remove(folder)
e:stop()
print(("tsan: %d of 5 programs with a fault"):format(bad))
os.exit(bad == 0, true)
