-- Reading a text with chosen fields, in whose middle the collector ran a finalizer that read
-- another text with other fields, gave these other fields from there on.
local shell = require "spec.support.shell"

-- In a process of its own: its heap is small, so that the collector comes round often. Prints how
-- often the finalizer ran and how many records came out wrong.
local SCRIPT = [[
local decode = require "sei".json.decode
local parts, names, runs, wrong, over = {}, {}, 0, 0, false
for i = 1, 800 do parts[i] = ('{"id":"a%d","name":"b%d","x":"c%d"}'):format(i, i, i) end
for i = 1, 600 do names[i] = ('"n%d":%d'):format(i, i) end
local text = "[" .. table.concat(parts, ",") .. "]"
-- More names than are remembered: all that was learnt is forgotten.
local other = ...
other = other == "names" and "[{" .. table.concat(names, ",") .. "}]" or "[" .. parts[1] .. "]"
local function trap()
  setmetatable({}, { __gc = function()
    if over or runs == 300 then return end
    runs = runs + 1
    assert(#decode(other, { fields = { "n7", "name" } }) == 1)
    trap()
  end })
end
collectgarbage("incremental", 100, 400)
trap()
for i, r in ipairs(decode(text, { fields = { "id" } })) do
  if r.id ~= "a" .. i or r.name or r.x then wrong = wrong + 1 end
end
over = true
print(runs > 0, wrong)
]]

describe("a finalizer that reads JSON while JSON is read", function()
  local folder, path

  setup(function()
    folder = shell.folder()
    path = folder .. "/read.lua"
    local file <close> = assert(io.open(path, "w"))
    assert(file:write(SCRIPT))
  end)

  teardown(function() shell.remove(folder) end)

  local function check(what)
    local text = shell.run(("%s %s %s"):format(shell.lua(), shell.quote(path), what))
    assert.equal("true\t0\n", text)
  end

  it("does not change which fields are chosen", function() check "fields" end)

  it("does not change them where it forgets what was learnt", function() check "names" end)
end)
