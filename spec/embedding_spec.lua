-- The page "Embedding" of the reference: its code runs and prints what it says, its defaults are
-- those of the client, and what it names is there.
local core = require "sei.core"
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local PAGE <const> = ".ci/doc/embedding.md"

local function page()
  local file <close> = assert(io.open(PAGE))
  return file:read "a"
end

-- Indented lines, with the empty ones between them.
local function blocks(text)
  local list, current = {}, nil
  for line in (text .. "\n"):gmatch "(.-)\n" do
    if line:find "^    " then
      current = current or {}
      current[#current + 1] = line:sub(5)
    elseif line ~= "" and current then
      list[#list + 1] = table.concat(current, "\n") .. "\n"
      current = nil
    elseif current then
      current[#current + 1] = ""
    end
  end
  if current then list[#list + 1] = table.concat(current, "\n") .. "\n" end
  return list
end

describe("the page Embedding", function()
  it("has code that runs and prints what it says", function()
    local folder, e = shell.folder(), emulator.start { people = 30 }
    finally(function()
      e:stop()
      shell.remove(folder)
    end)
    local seen = 0
    for _, code in ipairs(blocks(page())) do
      local expected = {}
      for line in code:gmatch "%-%-> ([^\n]*)" do expected[#expected + 1] = line .. "\n" end
      assert.is_true(#expected > 0, code)
      local path = folder .. "/block.lua"
      local out <close> = assert(io.open(path, "w"))
      local text, n = code:gsub('region = "prod1"', ('base_url = %q'):format(e.url))
      assert.equal(1, n)
      out:write((text:gsub("sei.client {", "sei.client { pace = false,")))
      out:close()
      local printed, status = shell.run(("SEI_API_KEY=a-key timeout 60 %s %s"):format(shell.lua(),
        path))
      assert.equal(0, status, printed)
      table.sort(expected)
      local lines = {}
      for line in printed:gmatch "[^\n]*\n" do lines[#lines + 1] = line end
      table.sort(lines)
      assert.same(expected, lines)
      seen = seen + 1
    end
    assert.equal(6, seen)
  end)

  it("tells the client's defaults", function()
    local defaults, n = {}, 0
    for _, row in ipairs(core.options "sei.client") do defaults[row.name] = row.default end
    for name, default in page():gmatch "<tr><td>([%w_]+)</td><td>([^<]+)</td>" do
      n = n + 1
      if name == "pace" then
        assert.matches("rate = " .. default:match "%d+", defaults[name])
      else
        assert.equal(defaults[name], default, name)
      end
    end
    assert.equal(8, n)
  end)

  it("is a page of the reference", function()
    local folder = shell.folder()
    finally(function() shell.remove(folder) end)
    local text, status = shell.run(shell.lua() .. " .ci/doc/pages.lua " .. shell.quote(folder))
    assert.equal(0, status, text)
    local file <close> = assert(io.open(folder .. "/topic-embedding.lua"))
    text = file:read "a"
    assert.matches("^%-%-%- Embedding: which adapter, which limits, what never to do%.\n", text)
    assert.matches("\n%-%- @topic embedding\n$", text)
  end)

  it("names what is there", function()
    for path in page():gmatch "examples/[%w_/.]*[%w_]" do
      assert.equal(0, select(2, shell.run("test -e " .. path)), path)
    end
    local header <close> = assert(io.open "ext/sei.h")
    local text = header:read "a"
    for name in page():gmatch "sei_[a-z]+" do
      assert.truthy(text:find(name .. "(", 1, true), name)
    end
    for name in page():gmatch "module (sei[%w_.]+)" do
      assert.is_not_nil(require(name), name)
    end
  end)
end)
