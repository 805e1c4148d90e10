-- log - a line for everything that happens, at four levels, as text or JSON.
local dkjson = require "dkjson"
local raw = require "spec.support.raw"
local sei = require "sei"
local support = require "spec.support.csv"

local TRACE <const> = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
local BASE <const> = { base_url = "http://127.0.0.1:1/sei/api", api_key = "test-key-1234" }

-- A reply 503, then pages of three records, then a failure for good.
local function service(_, n)
  if n == 1 then return raw.reply(503, '{"error":"busy, test-key-1234"}') end
  if n == 2 then
    return raw.reply(200, '{"records":[{"id":"1"},{"id":"2"}],"_metadata":{"total_count":2}}',
      { ["X-Request-Id"] = "r-2", ["X-Secret"] = "hidden" })
  end
  return raw.reply(403, '{"error":"no, says \\"test-key-1234\\"", "password":"hidden"}')
end

-- Lines that a client writes in the course of a list and a call that fails.
local function lines_of(log)
  local lines = {}
  log.to = function(line) lines[#lines + 1] = line end
  local server <close> = raw.serve(service)
  local client <close> = server:client { log = log, traceparent = TRACE }
  for _ in client:list_contributors { page_size = 10 } do end
  assert.is_nil((client:get_schema()))
  return lines
end

local function matching(lines, pattern)
  local n = 0
  for _, line in ipairs(lines) do if line:find(pattern) then n = n + 1 end end
  return n
end

describe("a log", function()
  local EVENTS <const> = {
    error = { "error response" },
    warn = { "warn response", "warn retry", "error response" },
    info = { "warn response", "warn retry", "info response", "error response" },
    debug = { "debug request", "warn response", "warn retry", "debug request", "info response",
      "debug page", "debug request", "error response" },
  }

  for level, expected in pairs(EVENTS) do
    it("has levels: " .. level, function()
      for _, format in ipairs { "text", "json" } do
        local lines = lines_of { level = level, format = format }
        local seen = {}
        for i, line in ipairs(lines) do
          assert.is_nil(line:find "\n")
          assert.is_nil(line:find("test-key-1234", 1, true))
          assert.is_nil(line:find("hidden", 1, true))
          assert.is_truthy(line:find(TRACE, 1, true))
          if format == "json" then
            local e = assert(dkjson.decode(line))
            assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$", e.time)
            seen[i] = e.level .. " " .. e.event
          else
            local word, event =
              line:match "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ (%l+) +(%l+) "
            seen[i] = word .. " " .. event
          end
        end
        assert.same(expected, seen)
      end
    end)
  end

  it("has aligned columns", function()
    local lines = lines_of { level = "debug" }
    for _, line in ipairs(lines) do
      assert.matches("^%S+ %l+ +%l+ +%l[%l_]+ +%u+ +", line)
      assert.equal(41, (line:find "%l[%l_]+ +%u+ +"), line)
      assert.equal(62, (line:find "%u%u+ "), line)
    end
    assert.equal(1, matching(lines, "list_contributors    POST  http://%S+/v1/org/users/list "
      .. "status=503 duration=%d+%.%d%d%ds bytes=31 sent=%d+ attempt=1 .*class=unknown call=1 "
      .. 'reason="HTTP 503"'))
    assert.equal(1, matching(lines, "page=1 count=2 offset=0 total=2"))
    assert.equal(1, matching(lines, "retry .*status=503 attempt=2 .*reason="))
  end)

  it("shows headers and bodies only to who wants all, and only some", function()
    for _, level in ipairs { "info", "debug" } do
      local lines = lines_of { level = level, format = "json" }
      local all = table.concat(lines, "\n")
      assert.equal(level == "debug", all:find('"X-Request-Id":"r-2"', 1, true) ~= nil)
      assert.equal(level == "debug", all:find('"User-Agent":"sei/1"', 1, true) ~= nil)
      assert.equal(level == "debug", all:find('busy, ****', 1, true) ~= nil)
      assert.equal(level == "debug", all:find('page_size', 1, true) ~= nil)
      assert.is_nil(all:find("x-api-key", 1, true))
      assert.is_nil(all:find("X-Secret", 1, true))
    end
  end)

  it("goes to a function, to a file, to a table's `to`", function()
    local path = support.scratch(finally) .. "/log"
    local file = assert(io.open(path, "w"))
    local lines = {}
    for _, log in ipairs { file, function(line) lines[#lines + 1] = line end, { to = file },
      { to = setmetatable({}, { __call = function(_, line) lines[#lines + 1] = line end }) },
      setmetatable({}, { __call = function(_, line) lines[#lines + 1] = line end }) } do
      local server <close> = raw.serve(function() return raw.reply(200, "{}") end)
      local client <close> = server:client { log = log }
      assert.is_table(client:get_schema())
    end
    file:close()
    assert.equal(3, #lines)
    assert.equal(2, select(2, support.slurp(path):gsub("status=200[^\n]*\n", "")))
  end)

  it("that fails breaks nothing", function()
    local told, plain = {}, warn
    local closed = assert(io.open("/dev/null", "w"))
    closed:close()
    _G.warn = function(text) told[#told + 1] = text end -- luacheck: ignore
    finally(function() _G.warn = plain end) -- luacheck: ignore
    local open = assert(io.open("/dev/null", "w"))
    for _, log in ipairs { function() error "disk, test-key-1234" end, open } do
      local server <close> = raw.serve(function() return raw.reply(200, "{}") end)
      local client <close> = server:client { log = log }
      if log == open then open:close() end
      assert.is_table(client:get_schema())
    end
    assert.equal(2, #told)
    assert.matches("^sei: log raised: .*disk, %*+$", told[1])
    assert.matches("closed file", told[2])
    local ok, problem = pcall(sei.client, { base_url = BASE.base_url, api_key = BASE.api_key,
      log = closed })
    assert.is_false(ok)
    assert.matches("'log'.*got closed file", problem)
  end)

  for what, log in pairs { ["function or open file expected, got string"] = "stderr",
    ["unknown option 'levle': to, level and format"] = { to = print, levle = "info" },
    ["level: one of error|warn|info|debug expected, got all"] = { to = print, level = "all" },
    ["format: one of text|json"] = { to = print, format = "xml" },
    ["function or open file expected, got nil"] = { level = "info" } } do
    it("is refused: " .. what, function()
      local ok, problem = pcall(sei.client, { base_url = BASE.base_url, api_key = BASE.api_key,
        log = log })
      assert.is_false(ok)
      assert.is_truthy(problem:find("bad option 'log' for sei.client", 1, true), problem)
      assert.is_truthy(problem:find(what, 1, true), problem)
    end)
  end

  it("says how many events it missed", function()
    local core, lines = require "sei.core", {}
    local server <close> = raw.serve(function() return raw.reply(200, "{}") end)
    local client <close> = server:client { log = function(line) lines[#lines + 1] = line end }
    assert.is_table(client:get_schema())
    local calls = {}
    for _ = 1, 1010 do table.insert(calls, core.call(client, "get_schema", {}, {})) end
    for _ = 1, 100000 do
      client:step()
      if client:active() == 0 then break end
      server:serve(client)
    end
    client:step()
    client:close()
    assert.equal(1002, #lines)
    assert.matches(" warn  lost +count=10$", lines[1002])
  end)
end)
