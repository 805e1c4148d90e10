-- run - runs spec files in several busted processes at once, one file each.
--
--   lua5.4 spec/support/run.lua FOLDER JOBS COMMAND... -- FILE...
--
-- COMMAND is busted with spec/support/summary.lua; FOLDER keeps what each file
-- printed last, and how long it took, so that the longest begin the next run.
-- A file's output is shown whole when it ends; the last line is the sum,
-- "N passed, N failed". A process that dies, or says nothing for too long,
-- counts as one failure that names its file.
--
-- Tests whose name or block has the tag #alone measure time: with more than one
-- job they run after all others, one file after another.
local uv = require "luv"

local SLOW <const> = tonumber(os.getenv "SEI_SLOW") or 1
local LONGEST <const> = 300 * SLOW -- seconds for one file
local WORTH_SAYING <const> = 5 -- seconds

-- Where nothing was measured yet: seconds of those that take long.
local KNOWN <const> = {
  ["spec/c_spec.lua"] = 30, ["spec/fault_matrix_spec.lua"] = 20, ["spec/fuzz_spec.lua"] = 20,
  ["spec/torture_spec.lua"] = 20, ["spec/build_spec.lua"] = 20, ["spec/deadline_spec.lua"] = 10,
}

local folder, jobs, command, running = nil, 1, {}, {}
local total = { passed = 0, failed = 0, left_out = {}, bad = {}, slow = {} }

local function say(format, ...)
  io.write(format:format(...), "\n")
  io.flush()
end

local function read(path)
  local handle = io.open(path, "rb")
  if not handle then return nil end
  local text = handle:read "a"
  handle:close()
  return text
end

-- ---- what there is to run ----

-- The files that an argument names: itself, or all specs of a folder.
local function add_files(list, argument)
  if (uv.fs_stat(argument) or {}).type ~= "directory" then
    list[#list + 1] = argument
    return
  end
  local names = {}
  for name in uv.fs_scandir_next, assert(uv.fs_scandir(argument)) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local path = argument:gsub("/$", "") .. "/" .. name
    if name:find "_spec%.lua$" or (uv.fs_stat(path) or {}).type == "directory" then
      add_files(list, path)
    end
  end
end

local function times_file() return folder .. "/seconds" end

local function known_times()
  local times = setmetatable({}, { __index = KNOWN })
  for seconds, part in (read(times_file()) or ""):gmatch "(%S+) ([^\n]+)\n" do
    times[part] = tonumber(seconds)
  end
  return times
end

local function keep_times(times)
  local list = {}
  for part, seconds in pairs(times) do list[#list + 1] = ("%.2f %s\n"):format(seconds, part) end
  table.sort(list)
  local handle = io.open(times_file(), "wb")
  if handle then handle:write(table.concat(list)):close() end
end

-- Two lists of parts { name =, file =, words = }: what may run side by side, and what must not.
local function parts_of(files)
  local together, apart = {}, {}
  for _, file in ipairs(files) do
    if jobs > 1 and (read(file) or ""):find("#alone", 1, true) then
      together[#together + 1] = { name = file, file = file, words = { "--exclude-tags=alone" } }
      apart[#apart + 1] = { name = file .. " (alone)", file = file, words = { "--tags=alone" } }
    else
      together[#together + 1] = { name = file, file = file, words = {} }
    end
  end
  return together, apart
end

-- ---- one process ----

-- Every process of a session: those that specs started as well, timeout(1) and what it runs, too.
local function session(leader)
  local list = {}
  local folders = uv.fs_scandir "/proc"
  for name in folders and uv.fs_scandir_next or function() end, folders do
    local stat = name:find "^%d+$" and read("/proc/" .. name .. "/stat")
    -- "PID (NAME) STATE PARENT GROUP SESSION", proc(5); a name may hold anything.
    local id = stat and tonumber(stat:match "^.*%) %S %-?%d+ %-?%d+ (%-?%d+)")
    if id == leader then list[#list + 1] = tonumber(name) end
  end
  return list
end

local function kill(part)
  uv.kill(-part.pid, "sigkill")
  for _, pid in ipairs(session(part.pid)) do uv.kill(pid, "sigkill") end
end

-- How it ended, in words, if that was not as it should.
local function problem(part, status, signal, failed)
  if part.late then return ("was ended after %g seconds"):format(LONGEST) end
  if signal ~= 0 then return ("was ended by signal %d"):format(signal) end
  if not failed then return ("ended with status %d before it was done"):format(status) end
  if status ~= 0 and failed == 0 then
    return ("ended with status %d after its last test"):format(status)
  end
end

-- Adds up one process's output and shows it.
local function account(part, status, signal)
  local text, shown = read(part.log) or "", {}
  local passed, failed
  for line in (text .. (text:find "[^\n]$" and "\n" or "")):gmatch "([^\n]*)\n" do
    local good, bad = line:match "^(%d+) passed, (%d+) failed$"
    if good then
      passed, failed = math.tointeger(good), math.tointeger(bad)
    elseif line:find "^left out: " then
      table.insert(total.left_out, line)
    else
      shown[#shown + 1] = line
    end
  end
  local fault = problem(part, status, signal, failed)
  if fault then
    shown[#shown + 1] = ("ERROR  %s: the process %s"):format(part.name, fault)
    failed = (failed or 0) + 1
  end
  if #shown > 0 then say("%s", table.concat(shown, "\n")) end
  if failed > 0 then table.insert(total.bad, part.name) end
  total.passed, total.failed = total.passed + (passed or 0), total.failed + failed
end

-- Starts one; calls done() when it has ended and was shown.
local function start(part, done)
  local words = { table.unpack(command, 2) }
  table.move(part.words, 1, #part.words, #words + 1, words)
  words[#words + 1] = part.file
  part.log = folder .. "/" .. part.name:gsub("[^%w_.-]", "-") .. ".log"
  local out = assert(uv.fs_open(part.log, "w", 420))
  uv.fs_close(out)
  -- Appending, so that both streams stand in their order.
  out = assert(uv.fs_open(part.log, "a", 420))
  local timer, began = uv.new_timer(), uv.hrtime()
  part.process, part.pid = uv.spawn(command[1], { args = words, stdio = { nil, out, out },
    detached = true }, function(status, signal)
    timer:close()
    part.process:close()
    running[part] = nil
    part.seconds = (uv.hrtime() - began) / 1e9
    account(part, status, signal)
    done(part)
  end)
  uv.fs_close(out)
  assert(part.process, part.pid)
  running[part] = true
  timer:start(math.floor(LONGEST * 1000), 0, function()
    part.late = true
    kill(part)
  end)
end

-- ---- all of them ----

-- Runs parts, so many at once, the longest first.
local function run(parts, at_once, times)
  for i, part in ipairs(parts) do part.place = i end
  table.sort(parts, function(a, b)
    local x, y = times[a.name] or 0, times[b.name] or 0
    if x ~= y then return x > y end
    return a.place < b.place
  end)
  local at = 0
  local function one_more(ended)
    if ended then
      times[ended.name] = ended.seconds
      if ended.seconds > WORTH_SAYING then table.insert(total.slow, ended) end
    end
    at = at + 1
    if parts[at] then start(parts[at], one_more) end
  end
  for _ = 1, math.min(at_once, #parts) do one_more() end
  uv.run()
end

local function stop(name)
  local names = {}
  for part in pairs(running) do
    names[#names + 1] = part.name
    kill(part)
  end
  table.sort(names)
  say("stopped by %s; running were: %s", name, table.concat(names, ", "))
  os.exit(130)
end

local function catch(names)
  for _, name in ipairs(names) do
    local signal = uv.new_signal()
    signal:start(name, stop)
    signal:unref()
  end
end

local function finish()
  table.sort(total.left_out)
  for _, line in ipairs(total.left_out) do say("%s", line) end
  table.sort(total.slow, function(a, b) return a.seconds > b.seconds end)
  for _, part in ipairs(total.slow) do say("%5.1f s  %s", part.seconds, part.name) end
  table.sort(total.bad)
  for _, name in ipairs(total.bad) do say("no  %s", name) end
  if total.passed == 0 and total.failed == 0 then
    total.failed = 1
    say("no test ran")
  end
  say("%d passed, %d failed", total.passed, total.failed)
  os.exit(total.failed == 0)
end

local function main(...)
  local words, files, list = { ... }, {}, command
  folder, jobs = assert(words[1], "run: no folder"), math.tointeger(tonumber(words[2]))
  if not jobs or jobs < 1 or jobs > 64 then
    io.stderr:write(("JOBS must be a number from 1 to 64, not '%s'\n"):format(words[2] or ""))
    os.exit(2)
  end
  for i = 3, #words do
    if words[i] == "--" then
      list = nil
    elseif list then
      list[#list + 1] = words[i]
    else
      add_files(files, words[i])
    end
  end
  assert(os.execute("mkdir -p '" .. folder:gsub("'", "'\\''") .. "'"))
  -- For summary.lua: part of a run, so that nothing to do is no fault.
  uv.os_setenv("SEI_PART", "1")
  catch { "sigint", "sigterm", "sighup" }
  local together, apart = parts_of(files)
  local times = known_times()
  run(together, jobs, times)
  run(apart, 1, times)
  keep_times(times)
  finish()
end

main(...)
