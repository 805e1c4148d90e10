-- What functions of the library string did at length in a sandboxed recipe without counting it, or
-- looking at the clock: a recipe outlived its limits by a third of a second with 64 MiB, and by
-- more with more.
local sei = require "sei"

local function ends(text, instructions)
  local run, err = sei.sandboxed { text = text, instructions = instructions, time = 60 }
  assert.is_nil(run)
  assert.equal("instructions", err.code)
  assert.is_true(err.report.instructions < instructions + 100000, err.report.instructions)
end

describe("long work of a string's functions", function()
  it("counts where a set of a pattern is read", function()
    ends([[return (("x"):rep(100)):gsub("[" .. ("a"):rep(1000000) .. "]-", "")]], 10000000)
  end)

  it("counts where a replacement adds nothing", function()
    ends([[return (("x"):rep(9)):gsub("(y*)", ("%1"):rep(5000000))]], 200000)
  end)

  it("counts where texts are short and matched often", function()
    ends([[local text = ("x"):rep(20) for _ = 1, 5000 do text:find "x*x*y" end]], 1000000)
  end)

  it("counts where much is formatted", function()
    ends([[
      local numbers = {}
      for i = 1, 10000 do numbers[i] = -1e308 end
      return #string.format(("%99.99f"):rep(10000), table.unpack(numbers))]], 200000)
    ends([[return #string.format("%q", ("\0"):rep(3000000))]], 1000000)
  end)
end)

describe("string.format of a sandboxed recipe", function()
  local RECIPE <const> = [[
    local long, short, many = inputs.long, inputs.short, {}
    for i = 1, 100 do many[i] = i + 0.5 end
    local function try(...)
      local ok, text = pcall(string.format, ...)
      return { ok, text }
    end
    return {
      try("%q|%s|%d|%5.1f|%%|%-5s|%i", long, short, 7, 2.55, "x", 3.0),
      try(("%5.1f|"):rep(100), table.unpack(many)),
      try("%q", long .. "\0001\0012\127\r\n\"\\\200" .. long),
      try("%q %q %q", 1 / 3, math.mininteger, true, long), try("%s %s", long), try("%", long),
      try("%s%y", long, 1), try("a%", long), try("%10.3s|%s", "abcdef", long), try("%d", "x"),
      try("%c%x%a%g", 65, 255, 1, 1e100), try("%5", 1), try("%d"), try(), try("%%", long),
      try("%s", setmetatable({}, { __tostring = function() return long end })),
      try("%5q", short), try("no item", long), try("", long),
    }]]

  it("is what it is outside, whatever its length", function()
    local inputs = { short = "\0a\n1\0012", long = ("\0a\n1\\\"\0012\127\128"):rep(4000) }
    local outside = assert(load(RECIPE, "=recipe", "t", setmetatable({ inputs = inputs },
      { __index = _G })))()
    local inside = assert(sei.sandboxed { text = RECIPE, inputs = inputs }).value
    -- a long one is asked item by item: which argument is to blame is another
    local function plain(row)
      return row[1] and row or { false, (row[2]:gsub("#%d", "#"):gsub("'%%%d*'", "''")
        :gsub("'string%.", "'")) }
    end
    for i = 1, #outside do assert.same(plain(outside[i]), plain(inside[i]), "call " .. i) end
  end)
end)
