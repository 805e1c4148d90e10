--- Runs the torture program over the scenarios, against an emulator of its own.
--
--     lua5.4 spec/torture/run.lua PROGRAM [--quick | --squeeze | --way OPTIONS] [NAME…]
--
-- NAME is a part of the names of the scenarios that are wanted (all), --way gives the
-- program's own options.
-- The last line is "torture: N runs of M scenarios, 0 failures"; exit status 1 if
-- anything failed.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local SCENARIOS = "spec/torture/scenarios.lua"

local program, quick, squeeze, own, parts = nil, false, false, nil, {}
for i, word in ipairs(arg) do
  if arg[i - 1] == "--way" then own = word
  elseif word == "--way" or word == "--quick" then quick = word == "--quick"
  elseif word == "--squeeze" then squeeze = true
  elseif not program then program = word
  else parts[#parts + 1] = word end
end

local function wanted(name)
  for _, part in ipairs(parts) do
    if name:find(part, 1, true) then return true end
  end
  return #parts == 0
end

-- How each scenario is run: the program's options.
local function ways(row)
  if own then return { own } end
  if squeeze then return { "--squeeze" } end
  if quick then
    local most = math.min(row.runs or 6, 6)
    return { ("--dense 2 --runs %d --window 1"):format(most),
      ("--dense 2 --runs %d --window 0"):format(most // 2) }
  end
  local most = row.runs or 800
  return {
    ("--dense 500 --runs %d --window 1"):format(most),
    ("--dense 500 --runs %d --window 2"):format(most),
    ("--dense 500 --runs %d --window 0"):format(most),
  }
end

-- Opening the library while memory fails needs only one scenario.
local function early_ways()
  if squeeze or own then return {} end
  local size = quick and "--dense 1 --runs 4" or "--dense 500 --runs 900"
  return { size .. " --early --window 2", size .. " --early --window 0",
    size .. " --cold --window 1", size .. " --cold --window 0" }
end

local runs, scenarios, failures = 0, 0, 0

local function run(e, folder, row, way)
  local text, status = shell.run(("%s %s %s"):format(program, way,
    shell.join { SCENARIOS, row.name, e.url, folder }))
  runs = runs + (math.tointeger(tonumber(text:match "(%d+) runs")) or 1)
  if status ~= 0 then failures = failures + 1 end
  io.write(text)
  if status > 1 then print(row.name, way, "exit status " .. status) end
end

local function run_all(e, folder)
  for _, row in ipairs(dofile(SCENARIOS)) do
    if wanted(row.name) then
      scenarios = scenarios + 1
      for _, quirk in ipairs(row.quirks or {}) do e:quirk(quirk:match "^([^=]+)=?(.*)$") end
      for _, way in ipairs(ways(row)) do run(e, folder, row, way) end
      for _, way in ipairs(row.name == "get_schema" and early_ways() or {}) do
        run(e, folder, row, way)
      end
      e:clear()
    end
  end
end

local folder = shell.folder()
local e <close> = emulator.start { people = 40, accounts = 60 }
local ok, problem = xpcall(run_all, debug.traceback, e, folder)
shell.remove(folder)
if not ok then error(problem, 0) end
print(("torture: %d runs of %d scenarios, %d failures"):format(runs, scenarios, failures))
e:stop()
os.exit(failures == 0 and scenarios > 0, true)
