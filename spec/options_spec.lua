-- options - the reference lists what is checked: every table of options has for each row a type, a
-- default, a unit and limits where it is a number; and the page shows every row.
local core = require "sei.core"
local sei = require "sei"
local shell = require "spec.support.shell"

-- What takes options, with a way to call it: those of endpoints raise before a request is made.
local function callers(client)
  local list = {
    { "sei.client", function(o)
      o.base_url, o.api_key = o.base_url or "http://127.0.0.1:9/", o.api_key or "a-key"
      return sei.client(o)
    end },
    { "sei.csv.read", sei.csv.read }, { "sei.csv.write", sei.csv.write },
    { "sei.json.decode", function(o) return sei.json.decode("1", o) end },
    { "sei.json.encode", function(o) return sei.json.encode(1, o) end },
    { "sei.text.normalize_email", function(o) return sei.text.normalize_email("a@b.c", o) end },
    { "sei.match.join", function(o) return sei.match.join({}, {}, o) end },
  }
  list[#list + 1] = { "sei.sandboxed", function(o)
    o.text = o.text or ""
    return sei.sandboxed(o)
  end }
  for name, f in pairs(sei.similarity) do
    list[#list + 1] = { "sei.similarity." .. name, function(o) return f("a", "b", o) end }
  end
  for _, row in ipairs(core.endpoints) do
    local f = client[row.name]
    list[#list + 1] = { row.name, function(o)
      if row.kind == "rows" then return f(client, {}, o) end
      if row.kind == "send" and row.takes_body then return f(client, "1", {}, o) end
      if row.kind == "send" then return f(client, "1", o) end
      return f(client, o)
    end }
  end
  return list
end

local UNITS = { "seconds", "bytes", "pages", "records", "requests", "repetitions", "rows", "fields",
  "levels", "pairs", "code points", "instructions" }

local function has_unit(text)
  for _, unit in ipairs(UNITS) do
    if text:find(unit, 1, true) then return true end
  end
  return false
end

describe("every option", function()
  local client

  setup(function()
    client = sei.client { base_url = "http://127.0.0.1:9/", api_key = "a-key", retries = 0 }
  end)
  teardown(function() client:close() end)

  it("has a type, a default and a sentence; a number its unit and limits", function()
    local numbers = 0
    for _, one in ipairs(callers(client)) do
      for _, row in ipairs(core.options(one[1])) do
        local what = one[1] .. "." .. row.name
        assert.is_truthy(row.type and row.default and row.doc, what)
        if row.type == "integer" or row.type == "number" then
          numbers = numbers + 1
          assert.is_true(row.min < row.max, what)
          assert.is_true(has_unit(row.doc), what .. " has no unit: " .. row.doc)
          local default = tonumber(row.default)
          assert.is_true(not default or default >= row.min and default <= row.max, what)
        end
      end
    end
    assert.is_true(numbers >= 40, numbers)
  end)

  it("that is listed is taken, and a value beyond its limits is not", function()
    for _, one in ipairs(callers(client)) do
      for _, row in ipairs(core.options(one[1])) do
        if row.max then
          local ok, problem = pcall(one[2], { [row.name] = row.max * 2 })
          assert.is_false(ok, one[1] .. "." .. row.name)
          assert.matches("bad option '" .. row.name .. "' for ", tostring(problem), 1, true)
        end
      end
    end
  end)

  it("that is a table of options lists these", function()
    for _, name in ipairs { "pace", "grant", "identities", "cloud_ids", "developers" } do
      assert.is_true(#core.options("sei.client " .. name) >= 3, name)
    end
    assert.is_nil(core.options "sei.client nothing")
    assert.is_nil(core.options "nothing")
  end)
end)

describe("the reference", function()
  local client, folder, page

  setup(function()
    client = sei.client { base_url = "http://127.0.0.1:9/", api_key = "a-key", retries = 0 }
    folder = shell.folder()
    local text, status = shell.run(shell.lua() .. " .ci/doc/pages.lua " .. shell.quote(folder))
    assert.equal(0, status, text)
    local file = assert(io.open(folder .. "/topic-options.lua", "rb"))
    page = file:read "a"
    file:close()
  end)
  teardown(function()
    client:close()
    shell.remove(folder)
  end)

  -- A table's part of the page.
  local function part(title)
    local from = page:find("<h3>" .. title .. "</h3>", 1, true)
    assert.is_truthy(from, title)
    return page:sub(from, (page:find("</table>", from, true)))
  end

  it("lists every option with its default and limits", function()
    local names = {}
    for _, one in ipairs(callers(client)) do names[#names + 1] = one[1] end
    for _, name in ipairs(names) do
      local text = part(name)
      for _, row in ipairs(core.options(name)) do
        assert.is_truthy(text:find("<tr><td>" .. row.name .. "</td>", 1, true),
          name .. "." .. row.name)
      end
    end
    assert.is_truthy(part "sei.client":find("<tr><td>window</td><td>integer</td><td>4</td>"
      .. "<td>1 to 64</td>", 1, true))
    assert.is_truthy(part "sei.client: the option pace":find("<td>rate</td>", 1, true))
  end)

  it("lists those of functions written in Lua: every name that is checked", function()
    local names = shell.run [[grep -rhoE '\b(options|opt)\.check\("sei\.[a-z_.]+[a-z]"' lua/sei]]
    local n = 0
    for name in names:gmatch '"(sei[%w_.]+)"' do
      part(name)
      n = n + 1
    end
    assert.is_true(n >= 9, n)
    names = shell.run [[grep -rhoE 'local what = "sei\.[a-z_.]+[a-z]"' lua/sei]]
    for name in names:gmatch '"(sei[%w_.]+)"' do part(name) end
    for name in pairs(sei.rule) do
      if name ~= "decided" and name ~= "defaults" then part("sei.rule." .. name) end
    end
    assert.is_truthy(part "sei.match.run":find("<tr><td>near</td><td>number from 0 to 1</td>"
      .. "<td>0.3</td><td></td><td>the score from which a candidate comes near", 1, true))
    assert.is_truthy(part "sei.plan":find('<tr><td>read</td><td>"download" or "list"</td>'
      .. '<td>"download"</td>', 1, true))
    assert.is_truthy(part "sei.plan: the option guard":find("<td>shrunk</td>", 1, true))
    assert.is_truthy(part "sei.undo: the option guard":find("<td>changes</td>", 1, true))
  end)

  it("lists the limits that no option moves", function()
    local text = part "What no option moves"
    assert.is_truthy(text:find("<td>262144</td><td>bytes</td><td>of all headers", 1, true))
    assert.is_truthy(text:find("<td>0.2</td><td>seconds</td>", 1, true))
    assert.is_truthy(text:find("<td>450000</td><td>bytes</td>", 1, true))
    for _, row in ipairs(core.limits()) do
      assert.is_truthy(text:find("<td>" .. row.unit .. "</td><td>" .. row.doc, 1, true), row.doc)
    end
  end)

  it("has the options of each function as its parameters", function()
    local file = assert(io.open(folder .. "/classmod-sei.client.lua", "rb"))
    local text = file:read "a"
    file:close()
    assert.is_truthy(text:find("@tparam[opt] integer options.page_size records in a page; halves "
      .. "when the service refuses it; 1 to 100000 (default: 500)", 1, true))
    assert.is_truthy(text:find("options.batch_size", 1, true))
  end)
end)
