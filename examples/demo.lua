-- demo - what `make demo` runs: starts the emulator with the people of
-- examples/data, then plans, shows, approves, applies, reads, reports and
-- takes back, each with the command that an administrator would type.
--
--   lua5.4 examples/demo.lua [FOLDER]     what is made goes there (build/demo)

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local folder = arg[1] or "build/demo"

local function say(...) io.stdout:write(...) io.stdout:flush() end

local function fail(sentence)
  io.stderr:write("demo: ", sentence, "\n")
  os.exit(1)
end

local function quote(word) return "'" .. word:gsub("'", [['\'']]) .. "'" end

if not os.execute(("rm -rf %s && mkdir -p %s"):format(quote(folder), quote(folder))) then
  fail("the folder " .. folder .. " cannot be made; name another one")
end

-- The emulator prints its address when it is ready, and ends with its input.
local fifo = folder .. "/emulator"
if not os.execute("mkfifo -m 600 " .. quote(fifo)) then
  fail "mkfifo failed: is coreutils there?"
end
local emulator = assert(io.popen(("sei emulator --until-eof --load %s --load %s >%s"):format(
  quote(here .. "/data/people.csv"), quote(here .. "/data/identities.csv"), quote(fifo)), "w"))
local address = assert(io.open(fifo)):read "l"
os.remove(fifo)
local url = address and address:match "http://%S+"
if not url then fail "the emulator did not start; run `make build`, then `sei emulator`" end

local environment = ("SEI_BASE_URL=%s SEI_API_KEY=pat.demo.key.secret XDG_STATE_HOME=%s "
  .. "DEMO_REVIEW=%s "):format(quote(url), quote(folder .. "/state"),
  quote(folder .. "/review.csv"))

-- Shows a command and runs it; its status must be one of those expected.
local function run(title, command, expected)
  say("\n== ", title, "\n$ ", command, "\n\n")
  local _, _, status = os.execute(environment .. command)
  if not expected[status] then
    emulator:close()
    fail(("that ended with status %d; the message above says why"):format(status))
  end
end

-- The digest that whoever approves a plan has read.
local function digest_of(plan)
  local pipe = assert(io.popen("sei show --json " .. quote(plan)))
  local text = pipe:read "a"
  pipe:close()
  return text:match '"digest":"(%x+)"' or fail("there is no digest in " .. plan)
end

local plan, undo = folder .. "/plan.jsonl", folder .. "/undo.jsonl"
local DONE <const>, PENDING <const> = { [0] = true }, { [2] = true }

say("An emulator of the service is ", address, "\n",
  "People come from examples/data/people.csv, accounts from examples/data/gitlab.csv,\n",
  "what a person decided from examples/data/lookup.csv. Two accounts are mapped already,\n",
  "one of them to the wrong person.\n")
run("What would change?", ("sei plan %s -o %s"):format(here .. "/demo_recipe.lua", plan), PENDING)
run("Exactly this was approved: do it", ("sei apply %s --approve %s"):format(plan,
  digest_of(plan)), DONE)
run("What does the service have now?", "sei get identities --max 8", DONE)
run("A page to read, and to decide what is left",
  ("sei report %s --review %s -o %s"):format(plan, folder .. "/review.csv",
    folder .. "/report.html"), DONE)
run("Take it back", ("sei undo %s.journal -o %s"):format(plan, undo), PENDING)
run("That is a plan like any other", ("sei apply %s --approve %s"):format(undo, digest_of(undo)),
  DONE)
emulator:close()

say("\ndemo: done. The recipe is examples/demo_recipe.lua, the page ", folder,
  "/report.html;\nREADME.md shows the same against your own account.\n")
