-- sandboxed: what a recipe finds of Lua's libraries is what there is outside, as long as no limit
-- is near: patterns, string.rep and table functions against Lua's own, on random arguments.
local dice = require "spec.support.dice"
local sei = require "sei"

-- Which argument is to blame, Lua 5.4.4 mistakes in table.remove.
-- Runs calls: each { function's name, arguments… } with `n`; gives what they gave.
local RECIPE <const> = [[
local function named(name)
  local library, f = name:match "^(%w+)%.(%w+)$"
  return _G[library][f]
end
local out = {}
for i, call in ipairs(inputs.calls) do
  local f = named(call[1])
  local function all(...)
    local ok, a = ...
    if not ok then return { false, (tostring(a):gsub("^[^\n:]-:%d+: ", ""):gsub("#%d", "#")) } end
    if call[1] == "string.gmatch" then
      local list = { true }
      local again, problem = pcall(function()
        for x, y in a do list[#list + 1] = { x, y } if #list > 50 then break end end
      end)
      if not again then list[#list + 1] = tostring(problem):gsub("^[^\n:]-:%d+: ", "") end
      return list
    end
    local list = table.pack(...)
    if call.table then list[#list + 1] = call[2] end
    return list
  end
  out[i] = all(pcall(f, table.unpack(call, 2, call.n)))
end
return out]]

local function outside(calls)
  return assert(load(RECIPE, "=recipe", "t", setmetatable({ inputs = { calls = calls } },
    { __index = _G })))()
end

-- Tables of calls are changed by them: each side has its own.
local function compare(make, count)
  local theirs = outside(make(count))
  local run = assert(sei.sandboxed { text = RECIPE, inputs = { calls = make(count) }, time = 60,
    instructions = 1e12 })
  local calls = make(count)
  for i = 1, count do
    assert.same(theirs[i], run.value[i], ("call %d: %s %q %q"):format(i, calls[i][1],
      tostring(calls[i][2]), tostring(calls[i][3])))
  end
end

local ITEMS <const> = { "a", "b", "%a", "%d", "%w", "%s", ".", "[ab]", "[^a]", "[%w_]", "[a-c]",
  "%.", "%S", "%b()", "%f[%w]", "%f[^a]", "(", ")", "()", "%1", "%2", "$", "^", "*", "+", "-", "?",
  "%", "[", "]", "[]a]", "[^]]", "%0", "%b", "%f", "x", " ", "[a-]", "[%a-z]", "%z" }
local CHARS <const> = { "a", "b", "c", "(", ")", "1", "2", " ", "_", ".", "x", "\0", "%", "\xC3" }
local REPLACEMENTS <const> = { "", "x", "%0", "%1", "<%0%2>", "%%", "%", "%x", "%9" }

local function word(random, from, most)
  local parts = {}
  for i = 1, random(most + 1) - 1 do parts[i] = from[random(#from)] end
  return table.concat(parts)
end

local function patterns(seed)
  return function(count)
    local random, calls = dice(seed), {}
    for i = 1, count do
      local text, pattern = word(random, CHARS, 12), word(random, ITEMS, 6)
      local which = random(5)
      local call
      if which == 1 then
        call = { "string.find", text, pattern, random(16) - 5, random(8) == 1, n = 5 }
      elseif which == 2 then
        call = { "string.match", text, pattern, random(16) - 5, n = 4 }
      elseif which == 3 then
        call = { "string.gmatch", text, pattern, random(8) - 3, n = 4 }
      elseif which == 4 then
        call = { "string.gsub", text, pattern, REPLACEMENTS[random(#REPLACEMENTS)], n = 4 }
      else
        call = { "string.gsub", text, pattern, { a = "A", b = 1, ["1"] = false, ["("] = {} },
          random(4) - 1, n = 5 }
      end
      calls[i] = call
    end
    return calls
  end
end

local EDGES <const> = { 0, 1, -1, 2, 3, 5, math.maxinteger, math.mininteger, 1 << 40 }

local function edge(random) return random(3) > 1 and random(8) - 2 or EDGES[random(#EDGES)] end

-- Small ranges only where Lua's own would be at it for ever.
local function tables(count)
  local random, calls = dice(5), {}
  for i = 1, count do
    local t, which = {}, random(7)
    for k = 1, random(7) - 1 do t[k] = random(9) > 1 and k * 10 or "s" .. k end
    local call
    if which == 1 then
      call = random(3) == 1 and { "table.insert", t, "new", n = 3 }
        or { "table.insert", t, edge(random), "new", n = 4 }
    elseif which == 2 then
      call = { "table.remove", t, random(3) > 1 and edge(random) or nil, n = 3 }
    elseif which == 3 then
      call = { "table.move", t, random(6) - 2, random(8) - 2, edge(random), n = 5 }
    elseif which == 4 then
      call = { "table.concat", t, ", ", edge(random), random(8) - 2, n = 5 }
    elseif which == 5 then
      local from = edge(random)
      call = { "table.unpack", t, from, random(2) == 1 and from + random(5) - 1 or edge(random),
        n = 4 }
    elseif which == 6 then
      for k = 1, #t do t[k] = (k * 7919) % 13 end
      call = { "table.sort", t, n = 2 }
    else
      call = { "string.rep", word(random, CHARS, 3), random(9) - 3, random(2) == 1 and "," or nil,
        n = 4 }
    end
    call.table = which <= 6
    calls[i] = call
  end
  return calls
end

describe("the library of a sandboxed recipe", function()
  it("matches patterns as Lua does", function() compare(patterns(1), 4000) end)
  it("matches patterns as Lua does, however many #proof", function()
    for seed = 2, 40 do compare(patterns(seed), 10000) end
  end)
  it("handles tables as Lua does", function() compare(tables, 3000) end)

  it("has coroutines, closures and metatables as Lua has", function()
    local text = [[
      local log = {}
      local function note(...) log[#log + 1] = table.concat({ ... }, " ") end
      local co = coroutine.create(function(a, b)
        note("in", a, b)
        local ok, c = pcall(function(x) return coroutine.yield(x) end, "out")
        note("again", tostring(ok), c)
        local ok2, err = pcall(function() coroutine.yield "two" error { "e" } end)
        note(tostring(ok2), err[1])
        return "end", "of it"
      end)
      note(tostring((coroutine.resume(co, 1, 2))))
      note(select(2, coroutine.resume(co, "c")))
      note(select(2, coroutine.resume(co)))
      note(tostring(coroutine.resume(co)), coroutine.status(co))
      note(xpcall(function(...) return "x" .. select("#", ...) end, print, 1, nil) and "well")
      note(select(2, xpcall(error, function(m) return "handled " .. m end, "it")))
      local wrapped = coroutine.wrap(function() error "inside" end)
      note(select(2, pcall(wrapped)))
      note(tostring(coroutine.close(coroutine.create(print))))
      local Base = { name = "base" }
      Base.__index = Base
      local Derived = setmetatable({ __index = function(_, k) return Base[k] end,
        __tostring = function(t) return "T" .. t.id end,
        __add = function(a, b) return a.id + b.id end }, Base)
      local one, two = setmetatable({ id = 1 }, Derived), setmetatable({ id = 2 }, Derived)
      note(tostring(one), one.name, one + two, tostring(getmetatable(one) == Derived),
        Derived.name, tostring(getmetatable(Derived) == Base))
      note(tostring(getmetatable(setmetatable({}, { __metatable = "no" }))),
        tostring(pcall(setmetatable, setmetatable({}, { __metatable = 1 }), {})))
      return log]]
    local ours = assert(load(text, "=recipe"))()
    assert.equal(13, #ours)
    assert.same(ours, assert(sei.sandboxed { text = text }).value)
  end)

  it("reads a metatable when it is set", function()
    local run = assert(sei.sandboxed { text = [[
      local m = {}
      local t = setmetatable({}, m)
      local out = {}
      m.__index = function(_, key) return key .. "!" end
      out[1] = tostring(t.x)
      setmetatable({}, m)
      out[2] = t.x
      m.__index, m.__len = nil, function() return 7 end
      setmetatable(t, m)
      out[3], out[4] = tostring(t.x), #t
      out[5] = getmetatable(t) == m and rawequal(getmetatable(t), m)
      setmetatable(t, nil)
      out[6] = getmetatable(t) == nil and #t
      return out]] })
    assert.same({ "nil", "x!", "nil", 7, true, 0 }, run.value)
  end)

  it("has nothing else", function()
    local run = assert(sei.sandboxed { text = [[
      local names = {}
      for name, value in pairs(_G) do
        names[#names + 1] = name
        if type(value) == "table" and value ~= _G then
          for inner in pairs(value) do
            if name ~= "math" then names[#names + 1] = name .. "." .. tostring(inner) end
          end
        end
      end
      table.sort(names)
      return table.concat(names, " ")]] })
    assert.equal("_G _VERSION assert coroutine coroutine.close coroutine.create "
      .. "coroutine.isyieldable coroutine.resume coroutine.running coroutine.status coroutine.wrap "
      .. "coroutine.yield error getmetatable inputs ipairs math next pairs pcall print rawequal "
      .. "rawget rawlen rawset sei sei.is_error sei.null sei.similarity sei.text select "
      .. "setmetatable string string.byte string.char string.find string.format string.gmatch "
      .. "string.gsub string.len string.lower string.match string.rep string.reverse string.sub "
      .. "string.upper table table.concat table.insert table.move table.pack table.remove "
      .. "table.sort table.unpack tonumber tostring type utf8 utf8.char utf8.charpattern "
      .. "utf8.codepoint utf8.codes utf8.len utf8.offset xpcall", run.value)
  end)
end)
