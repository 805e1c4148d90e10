-- A preview whose header had counts, guards or columns of another form, or whose rows had values
-- that are no texts, ended in an error of Lua that named neither the file nor the member.
local support = require "spec.support.developers"
local sei = require "sei"

local HEADER <const> = '{"after":"a","before":"b","counts":%s,"format":1,"guards":%s,'
  .. '"kind":"header","mapping":%s,"missing":"keep","source":%s,"target":%s,"version":"1",'
  .. '"warnings":%s,"what":"developers"}\n'
local COUNTS <const> = '{"add":0,"change":0,"keep":0,"remove":0}'
local TARGET <const> = '{"base_url":"http://x.example"}'
local GUARD <const> = '[{"found":1,"limit":2,"name":"removals","passed":true}]'
local SOURCE <const> = '{"digest":"d","name":"hr.csv","rows":0}'
local COLUMN <const> = '[{"field":"EMAIL","how":"same","name":"Mail"}]'

describe("an edited preview of developers", function()
  local b
  setup(function() b = support.bench { people = 0 } end)
  teardown(function() b:close() end)

  local function refused(text, words)
    local one, err = sei.developers.preview(b:file("p", text))
    assert.is_nil(one, words)
    assert.equal("decode", err.kind)
    assert.matches(words, err.message, 1, true)
  end

  it("is read where it was not edited", function()
    local text = HEADER:format(COUNTS, GUARD, COLUMN, SOURCE, TARGET, '["note"]')
    local one = assert(sei.developers.preview(b:file("p", text)))
    assert.matches("Nothing to do", sei.developers.show(one), 1, true)
  end)

  it("is refused with the file and the member of the header", function()
    local members = { counts = COUNTS, guards = GUARD, mapping = COLUMN, source = SOURCE,
      target = TARGET, warnings = "[]" }
    for _, case in ipairs {
      { "counts", '{"add":"x","change":0,"keep":0,"remove":0}', "counts.add" },
      { "counts", '{"add":0,"change":0,"remove":0}', "counts.keep" },
      { "guards", '[{"name":"removals","passed":false}]' }, { "guards", "[1]" },
      { "mapping", "[7]" }, { "mapping", '[{"column":[],"how":"same","name":"Mail"}]' },
      { "source", "null" }, { "source", '{"name":"hr.csv"}' },
      { "target", '{"base_url":1}' }, { "target", '{"account":{},"base_url":"http://x.example"}' },
      { "warnings", "[{}]" } } do
      local edited = setmetatable({ [case[1]] = case[2] }, { __index = members })
      refused(HEADER:format(edited.counts, edited.guards, edited.mapping, edited.source,
        edited.target, edited.warnings), "p:1: the header's '" .. (case[3] or case[1]) .. "'")
    end
  end)

  it("is refused with the line of a row", function()
    local head = HEADER:format('{"add":1,"change":0,"keep":0,"remove":0}', GUARD, COLUMN, SOURCE,
      TARGET, "[]")
    local row = '{"after":{"name":%s},"email":"a@x.example","kind":"add","line":%s}\n'
    assert(sei.developers.preview(b:file("p", head .. row:format('"A"', "2"))))
    refused(head .. row:format('"A"', '"two"'), "p:2: the row's 'line' is no whole number")
    refused(head .. row:format("{}", "2"), "p:2: a value of the row is no text")
  end)
end)
