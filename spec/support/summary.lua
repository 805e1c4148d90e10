-- summary - busted's output for this project: a line per spec file, every
-- failure in full where it happens, and at the very end, alone on its line,
-- "N passed, N failed".
--
--   busted -o spec/support/summary.lua spec
--
-- spec/support/run.lua runs many of these at once and adds up their last lines;
-- it sets SEI_PART. Errors outside a test (a spec file that does not load, a failing teardown)
-- count as failed, and so does a run in which nothing ran: neither can pass
-- unseen.

-- What is left out by tags is nothing to speak of in a part of a run.
local part = os.getenv "SEI_PART" ~= nil

local function say(format, ...)
  io.write(string.format(format, ...), "\n")
  io.flush()
end

local function indented(text)
  return "    " .. tostring(text):gsub("\n", "\n    ")
end

-- The place, the full name and the message of one failure.
local function show(what, handler, element, message, trace)
  local at = trace or element.trace or {}
  say("%s  %s:%s  %s", what, at.short_src or element.name or "?",
    at.currentline or 0, handler.getFullName(element))
  if type(message) ~= "string" then
    message = message ~= nil and tostring(message) or "failed without a message"
  end
  -- Thirty places where a module was not found say less than its name.
  say("%s", indented((message:gsub("\n\tno f[^\n]*", ""))))
  if at.traceback and what == "ERROR" then say("%s", indented(at.traceback)) end
end

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  local passed, failed, pending = 0, 0, {}
  local file

  local function file_start(element)
    file = { passed = passed, failed = failed, start = os.time(), name = element.name }
    return nil, true
  end

  local function file_end()
    local good, bad = passed - file.passed, failed - file.failed
    if part and good + bad == 0 then return nil, true end
    say("%s  %s: %d passed%s", bad == 0 and "ok" or "no", file.name, good,
      bad > 0 and (", " .. bad .. " failed") or "")
    return nil, true
  end

  local function test_end(element, _, status)
    if status == "success" then
      passed = passed + 1
    elseif status == "pending" then
      pending[#pending + 1] = handler.getFullName(element)
    end
    return nil, true
  end

  local function failure(element, _, message, trace)
    failed = failed + 1
    show("FAIL", handler, element, message, trace)
    return nil, true
  end

  local function problem(element, _, message, trace)
    failed = failed + 1
    show("ERROR", handler, element, message, trace)
    return nil, true
  end

  -- Busted's own exit status is the number of failures, and 256 of them look
  -- like none; it also does not mind an empty run.
  local function finish()
    for _, name in ipairs(pending) do say("left out: %s", name) end
    if passed == 0 and failed == 0 and not part then
      failed = 1
      say("no test ran")
    end
    say("%d passed, %d failed", passed, failed)
    os.exit(failed == 0, true)
  end

  busted.subscribe({ "file", "start" }, file_start)
  busted.subscribe({ "file", "end" }, file_end)
  busted.subscribe({ "test", "end" }, test_end)
  busted.subscribe({ "failure" }, failure)
  busted.subscribe({ "error" }, problem)
  busted.subscribe({ "exit" }, finish)
  return handler
end
