-- demo - what `make demo` runs: starts the emulator with the people of
-- examples/data, does the main job on it, shows the result.

local here = arg[0]:match "^(.*)/[^/]*$" or "."

local function say(...) io.stdout:write(...) io.stdout:flush() end

local function quote(word) return "'" .. word:gsub("'", [['\'']]) .. "'" end

-- The emulator prints its address when it is ready, and ends with its input.
local fifo = os.tmpname()
os.remove(fifo)
assert(os.execute("mkfifo -m 600 " .. quote(fifo)), "mkfifo failed: is coreutils there?")
local emulator = assert(io.popen(("sei emulator --until-eof --load %s >%s")
  :format(quote(here .. "/data/people.csv"), quote(fifo)), "w"))
local address = assert(io.open(fifo)):read "l"
os.remove(fifo)
local url = address and address:match "http://%S+"
if not url then
  io.stderr:write("demo: the emulator did not start; run `make build`, then `sei emulator`\n")
  os.exit(1)
end

say("An emulator of the service is ", address, "\n",
  "People come from examples/data/people.csv, accounts from examples/data/gitlab.csv,\n",
  "what a person decided from examples/data/lookup.csv.\n\n")
local ok = os.execute(("SEI_BASE_URL=%s SEI_API_KEY=pat.demo.key.secret lua5.4 %s %s %s %s 5323")
  :format(quote(url), quote(here .. "/03_map_identities.lua"), quote(here .. "/data/people.csv"),
    quote(here .. "/data/gitlab.csv"), quote(here .. "/data/lookup.csv")))
emulator:close()

say("\n", ok and "demo: done. The script is examples/03_map_identities.lua; next: README.md"
  or "demo: the mapping did not finish; the message above says why", "\n")
os.exit(ok and 0 or 1)
