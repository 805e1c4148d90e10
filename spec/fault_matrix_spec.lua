-- fault matrix - every fault of the transport against every endpoint of the emulator: the kind of
-- error, the class (what is known of a write's effect) and the number of attempts, which must be
-- the number of requests that the emulator saw. `make proof` prints the whole table.
local emulator = require "spec.support.emulator"
local every = require "spec.support.every"
local sei = require "sei"
local wire = require "spec.support.wire_server"

-- ---- what must come of it ----

-- By what an endpoint is: `read` stands for object, list, stream and download, where they are not
-- named. An outcome is KIND[-STATUS]/CLASS/ATTEMPTS or ok/-/ATTEMPTS; "|" between several that
-- are right. Clients repeat once here.
local function repeated(text, class)
  return { read = text .. "/-/2", write = text .. "/" .. (class or "unknown") .. "/1" }
end

-- A stream whose first bytes were handed on is not asked for again; whether they came depends on
-- how the bytes fell.
local function cut()
  return { read = "connect-200/-/2", stream = "connect-200/-/2|connect-200/-/1",
    download = "connect-200/-/2|connect-200/-/1|connect/-/2", write = "connect-200/unknown/1" }
end

local LIMITED <const> = { read = "http-429/-/2", write = "http-429/rejected/2" }
local SERVED <const> = { read = "ok/-/2", write = "ok/-/2" }

-- { name, quirks, always: outcomes, once: outcomes of a single fault (nil: the same) }
local FAULTS = {
  { "nothing", {}, { read = "ok/-/1", write = "ok/-/1" } },
  { "reset before the reply", { fault = "reset-before" }, repeated "connect",
    { read = "ok/-/2", write = "connect/unknown/1" } },
  { "acted, then reset", { fault = "reset-acted" }, repeated "connect",
    { read = "ok/-/2", write = "connect/unknown/1" } },
  { "reset within the body", { fault = "reset-within" }, cut(),
    { read = "ok/-/2", stream = "ok/-/2|connect-200/-/1", download = "ok/-/2|connect-200/-/1",
      write = "connect-200/unknown/1" } },
  { "reset after the body", { fault = "reset-after" }, { read = "ok/-/1", write = "ok/-/1" } },
  { "truncated", { fault = "truncated" }, cut(),
    { read = "ok/-/2", stream = "ok/-/2|connect-200/-/1", download = "ok/-/2|connect-200/-/1",
      write = "connect-200/unknown/1" } },
  { "slow", { fault = "slow-" .. 0.8 * wire.slow },
    { read = "timeout-200/-/2", stream = "ok/-/1", download = "ok/-/1",
      write = "timeout-200/unknown/1" },
    { read = "ok/-/2", stream = "ok/-/1", download = "ok/-/1", write = "timeout-200/unknown/1" } },
  { "bad gzip", { fault = "bad-gzip" },
    { read = "protocol-200/-/2", download = "protocol-200/-/2|protocol-200/-/1",
      stream = "protocol-200/-/2|protocol-200/-/1", write = "protocol-200/unknown/1" },
    { read = "ok/-/2", download = "ok/-/2|protocol-200/-/1", stream = "ok/-/2|protocol-200/-/1",
      write = "protocol-200/unknown/1" } },
  -- ten bytes of a CSV may be missing without a trace
  { "wrong length", { fault = "wrong-length" },
    { read = "decode-200/-/1", download = "ok/-/1|decode-200/-/1",
      write = "decode-200/unknown/1" } },
  { "429", { fault = "status-429" }, LIMITED, SERVED },
  { "429, Retry-After in seconds", { fault = "status-429", ["retry-after"] = "seconds:0" },
    LIMITED, SERVED },
  { "429, Retry-After of RFC 9110", { fault = "status-429", ["retry-after"] = "imf:0" },
    LIMITED, SERVED },
  { "429, Retry-After of RFC 850", { fault = "status-429", ["retry-after"] = "rfc850:0" },
    LIMITED, SERVED },
  { "429, Retry-After of asctime", { fault = "status-429", ["retry-after"] = "asctime:0" },
    LIMITED, SERVED },
  { "429, an hour", { fault = "status-429", ["retry-after"] = "seconds:3600" },
    { read = "http-429/-/1", write = "http-429/rejected/1" } },
  { "500", { fault = "status-500" }, repeated "http-500",
    { read = "ok/-/2", write = "http-500/unknown/1" } },
  { "503", { fault = "status-503" }, repeated "http-503",
    { read = "ok/-/2", write = "http-503/unknown/1" } },
  { "write lock", { ["write-lock"] = "held:9" },
    { read = "ok/-/1", write = "http-500/rejected/2" } },
  { "login page, 200", { ["html-login"] = "200" },
    { read = "protocol-200/-/1", write = "protocol-200/unknown/1" } },
  { "login page, 403", { ["html-login"] = "403" },
    { read = "auth-403/-/1", write = "auth-403/rejected/1" } },
  { "login page, redirect", { ["html-login"] = "redirect" },
    { get = "protocol-302/-/4", read = "protocol-302/-/1", write = "protocol-302/rejected/1" } },
  { "empty", { ["empty-ok"] = "on" },
    { read = "protocol-200/-/1", write = "ok/-/1" } },
  -- the columns of developers are the customer's own: any line may be a header
  { "a plain ok", { ["plain-ok"] = "on" },
    { read = "decode-200/-/1", download_developers = "ok/-/1", write = "ok/-/1" } },
  { "invalid UTF-8", { fault = "bad-utf8" },
    { read = "decode-200/-/1", download = "protocol-200/-/1", write = "decode-200/unknown/1" } },
  { "deep JSON", { fault = "deep-json" },
    { read = "protocol-200/-/1", object = "decode-200/-/1", write = "decode-200/unknown/1" } },
  { "garbage", { fault = "garbage" },
    { read = "decode-200/-/1", download = "protocol-200/-/1", write = "decode-200/unknown/1" } },
}


local POSTED = { list_contributors = true, list_licensed = true }

local function right(outcomes, endpoint)
  local what = endpoint.name == "list_licensed" and "stream" or endpoint.kind
  if not endpoint.reads then what = "write" end
  if endpoint.reads and not POSTED[endpoint.name] and outcomes.get then return outcomes.get end
  return outcomes[endpoint.name] or outcomes[what] or outcomes.read
end

-- ---- what comes ----

local e

local function set(fault, count)
  for name, value in pairs(fault[2]) do
    e:quirk(name, name == "fault" and value .. ":" .. count or value)
  end
end

-- The outcome of one call, as the table says it.
local function outcome(fault, endpoint, count)
  every.prepare(e)
  set(fault, count)
  -- only what is to take too long has little time: others work beside us
  local slow = (fault[2].fault or ""):find "^slow" ~= nil
  local client <close> = sei.client { base_url = e.url, api_key = "k", pace = false, retries = 1,
    attempt_timeout = (slow and 0.3 or 5) * wire.slow, timeout = 10 * wire.slow }
  local value, err = endpoint.call(client)
  local attempts = client:stats().attempts
  e:clear()
  assert.equal(attempts, #e:log(), endpoint.name .. ": requests that the emulator saw")
  if value ~= nil then return "ok/-/" .. attempts end
  assert.equal(attempts, #err.attempts)
  return ("%s%s/%s/%d"):format(err.kind, err.status and "-" .. err.status or "", err.class or "-",
    attempts)
end

local function is_right(text, outcomes)
  for one in outcomes:gmatch "[^|]+" do
    if one == text then return true end
  end
  return false
end

-- Endpoints with the same outcome share a line.
local function show(name, found)
  local list = {}
  for text, names in pairs(found) do
    list[#list + 1] = ("  %-36s %-23s %s"):format(name, text, table.concat(names, " "))
  end
  table.sort(list)
  print(table.concat(list, "\n"))
end

local function prove(fault, endpoints, count, print_it)
  local found, wrong = {}, {}
  for _, endpoint in ipairs(endpoints) do
    local outcomes = right(count == "1" and fault[4] or fault[3], endpoint)
    local text = outcome(fault, endpoint, count)
    found[text] = found[text] or {}
    table.insert(found[text], endpoint.name)
    if not is_right(text, outcomes) then
      wrong[#wrong + 1] = ("%s: %s instead of %s"):format(endpoint.name, text, outcomes)
    end
  end
  if print_it then show(fault[1] .. (count == "1" and ", once" or ""), found) end
  assert.equal("", table.concat(wrong, "\n"))
end

describe("a fault", function()
  setup(function() e = emulator.start { people = 30, seed = 3 } end)
  teardown(function() e:stop() end)

  -- A slice: all faults on three endpoints, one fault on every endpoint.
  local few = { every.get_schema, every.list_contributors, every.patch_identities }
  for _, fault in ipairs(FAULTS) do
    it(fault[1] .. ", on some endpoints", function() prove(fault, few, "always") end)
    if fault[4] and fault[3] ~= LIMITED then
      it(fault[1] .. ", once, on some endpoints", function() prove(fault, few, "1") end)
    end
  end

  for i, endpoint in ipairs(every.endpoints) do
    local fault = FAULTS[(i * 5) % #FAULTS + 1]
    it(("%s, on %s"):format(fault[1], endpoint.name), function()
      prove(fault, { endpoint }, "always")
    end)
  end

  for _, fault in ipairs(FAULTS) do
    it(fault[1] .. ", on all endpoints #proof", function()
      prove(fault, every.endpoints, "always", true)
      if fault[4] then prove(fault, every.endpoints, "1", true) end
    end)
  end
end)
