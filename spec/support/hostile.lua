--- Recipes that try to get out, or never to end, for spec/sandboxed_*_spec.lua.
--
-- Each is a name and a text. None may read a file, run a command, outlive its limits or ask
-- another host. What one of them gets hold of that it should not it returns as "ESCAPED …".
-- `%CANARY%` is the path of a file with a secret, `%MARK%` one that a command would make,
-- `%ADDRESS%` host and port of a server that nobody may ask.
local hostile = {}

local LIST <const> = {}

local function recipe(name, text) LIST[#LIST + 1] = { name = name, text = text } end

-- ---- looking for what should not be there ----

recipe("names of libraries", [[
  for _, name in ipairs { "os", "io", "debug", "package", "require", "load", "loadfile",
    "dofile", "loadstring", "collectgarbage", "setfenv", "getfenv", "newproxy", "module", "warn",
    "ffi", "jit", "cjson" } do
    if _G[name] ~= nil then return "ESCAPED " .. name end
  end]])
recipe("names through _ENV", [[
  local e = _ENV
  if e.os or e.io or e.debug or e.package or e._ENV then return "ESCAPED" end]])
recipe("the string metatable", [[
  local m = getmetatable("")
  if m ~= nil then m.__index = function() return "mine" end return "ESCAPED" end]])
recipe("string functions by method", [[
  local s = ""
  if s.dump or s.pack or s.unpack or s.packsize then return "ESCAPED" end]])
recipe("string.dump of a function", [[return "ESCAPED" .. #string.dump(function() end)]])
recipe("the registry through a metatable's name", [[
  for _, v in pairs { client or {}, inputs, sei, sei.text, sei.similarity, math, utf8 } do
    local m = getmetatable(v)
    if type(m) == "table" and (m.__gc or m.__mode or m.__index == nil) then
      return "ESCAPED " .. tostring(m)
    end
  end]])
recipe("open by hook of a path", [[
  local function try(f, ...) local ok, v = pcall(f, ...) if ok and v then return v end end
  local text = try(function() return io.open("%CANARY%"):read "a" end)
    or try(function() return require "io".open("%CANARY%") end)
    or try(function() return loadfile("%CANARY%") end)
    or try(function() return dofile("%CANARY%") end)
  if text then return "ESCAPED " .. tostring(text) end]])
recipe("a command", [[
  pcall(function() os.execute("touch %MARK%") end)
  pcall(function() io.popen("touch %MARK%") end)
  pcall(function() package.loadlib("libc.so.6", "system")("touch %MARK%") end)
  pcall(function() require "posix".exec("/bin/touch", "%MARK%") end)]])
recipe("bytecode through load", [[
  local f = pcall(load, "\27Lua")
  if f then return "ESCAPED" end]])
recipe("all that can be reached", [[
  local seen, stack = {}, { _G }
  while #stack > 0 do
    local t = table.remove(stack)
    if not seen[t] then
      seen[t] = true
      for k, v in pairs(t) do
        if k == "execute" or k == "popen" or k == "loadlib" or k == "getregistry" or k == "sethook"
        then return "ESCAPED " .. k end
        if type(v) == "table" then stack[#stack + 1] = v end
      end
    end
  end]])
recipe("files by the client", [[
  if not client then return end
  for _, o in ipairs { { file = "%CANARY%" }, { file = "%MARK%" }, { to = print } } do
    for _, f in ipairs { "upload_identities", "download_identities", "upload_developers",
      "patch_identities", "add_cloud_ids", "update_contributors" } do
      local ok, value = pcall(client[f], client, o)
      if ok and value then return "ESCAPED " .. f end
    end
  end]])
recipe("writes by the client", [[
  if not client then return end
  local rows = { { email = "a@example.com", integrationId = 1, identity = "a" } }
  local report, err = client:patch_identities(rows)
  if report then return "ESCAPED" end
  error(err)]])
recipe("another host by the client", [[
  if not client then return end
  for _, o in ipairs { { base_url = "http://%ADDRESS%/" }, { proxy = "http://%ADDRESS%/" },
    { query = { ["@%ADDRESS%"] = "x" } }, { timeout = -1 }, { region = "prod1" } } do
    pcall(function() for c in client:list_contributors(o) do break end end)
    pcall(client.get_schema, client, o)
  end]])
recipe("a version id that is a path", [[
  if not client then return end
  for _, id in ipairs { "../../../x", "//%ADDRESS%/", "@%ADDRESS%", "%2e%2e", "a\r\nHost: b" } do
    pcall(client.activate_developers, client, id)
    pcall(client.map_developer_fields, client, id, {})
  end]])
recipe("questions without end", [[
  if not client then return end
  while true do pcall(client.get_schema, client) end]])
recipe("iterators without end", [[
  if not client then return end
  local all = {}
  while true do
    local ok, it = pcall(client.list_contributors, client, { page_size = 1 })
    all[#all + 1] = ok and it or nil
    if ok then pcall(it) end
  end]])
recipe("the client's own insides", [[
  if not client then return end
  local m = getmetatable(client)
  if m and m.__index then
    for _, name in ipairs { "close", "step", "pollfd", "stats", "cancel" } do
      if rawget(client, name) then return "ESCAPED " .. name end
    end
  end]])
recipe("the client in a sort", [[
  if not client then return end
  local t = {}
  for i = 1, 100 do t[i] = i end
  table.sort(t, function(a, b) client:get_schema() return a < b end)]])
recipe("the client in nested coroutines", [[
  if not client then return end
  local function deep(n)
    if n == 0 then return client:get_schema() end
    return coroutine.wrap(deep)(n - 1)
  end
  deep(150)
  string.gsub("x", "x", function()
    return coroutine.wrap(function() client:get_schema() end)()
  end)]])

-- ---- never ending ----

recipe("a loop", [[while true do end]])
recipe("a goto", [[::again:: goto again]])
recipe("repeat with a number", [[for i = 1, math.huge do end]])
recipe("an empty step", [[for i = 1, 2, 1e-300 do end]])
recipe("pcall around a loop", [[while true do pcall(function() while true do end end) end]])
recipe("pcall in pcall", [[
  local function f() while true do pcall(f) end end
  f()]])
recipe("pcall of itself", [[
  local function f() return pcall(f) end
  while true do f() end]])
recipe("coroutines in each other", [[
  local function f() while true do pcall(coroutine.wrap(f)) end end
  f()]])
recipe("__call that calls a table", [[
  local t = {}
  for i = 1, 100 do t = setmetatable({}, { __call = t }) end
  t()]])
recipe("xpcall with a handler that loops", [[
  xpcall(function() while true do end end, function() while true do end end)]])
recipe("xpcall with a handler that fails", [[
  local function h() error("again") end
  while true do xpcall(error, h) end]])
recipe("pcall around a loop, where nothing can yield", [[
  table.sort({ 1, 2, 3 }, function()
    while true do pcall(function() while true do end end) end
  end)]])
recipe("handlers that loop, where nothing can yield", [[
  local function loop() while true do end end
  string.gsub("x", "x", function() while true do xpcall(loop, loop) end end)]])
recipe("coroutines that loop, where nothing can yield", [[
  local function loop()
    while true do pcall(coroutine.wrap(function() while true do end end)) end
  end
  local t = setmetatable({}, { __index = function() loop() end })
  string.gsub("x", "x", t)]])
recipe("error objects that swallow", [[
  while true do
    local ok, err = pcall(function() while true do end end)
    if ok == false then err = nil end
  end]])
recipe("a coroutine that loops", [[coroutine.wrap(function() while true do end end)()]])
recipe("coroutines that are too short for a hook", [[
  while true do
    local co = coroutine.wrap(function() for i = 1, 50 do end coroutine.yield() end)
    co()
  end]])
recipe("coroutines that make coroutines", [[
  local function f(n)
    for i = 1, 30 do
      if n > 0 then coroutine.wrap(f)(n - 1) end
      for j = 1, 100 do end
    end
  end
  f(150)]])
recipe("a coroutine resumed for ever", [[
  local co = coroutine.create(function() while true do coroutine.yield() end end)
  while true do coroutine.resume(co) end]])
recipe("a coroutine that catches", [[
  local co
  while true do
    co = coroutine.create(function() while true do pcall(function() while true do end end) end end)
    coroutine.resume(co)
    pcall(coroutine.close, co)
  end]])
recipe("coroutine.close in a loop", [[
  while true do
    local co = coroutine.create(function() coroutine.yield() end)
    coroutine.resume(co)
    coroutine.close(co)
  end]])
recipe("__index that loops", [[
  local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end })
  while true do pcall(function() return t[1] end) end]])
recipe("a chain of __index", [[
  local t = {}
  for i = 1, 1900 do t = setmetatable({}, { __index = t }) end
  while true do local _ = t.x end]])
recipe("a circle of __index", [[
  local m = {}
  m.__index = setmetatable({}, m)
  local t = m.__index
  while true do pcall(function() return t.x end) end]])
recipe("__eq, __lt, __concat, __len without end", [[
  local m = {}
  local t = setmetatable({}, m)
  m.__len = function(a) while true do end end
  setmetatable(t, m)
  return #t]])
recipe("__call that calls itself", [[
  local t = setmetatable({}, {})
  setmetatable(t, { __call = t })
  while true do pcall(t) end]])
recipe("__tostring that loops", [[
  print(setmetatable({}, { __tostring = function() while true do end end }))]])
recipe("__gc", [[
  while true do setmetatable({}, { __gc = function() while true do end end }) end]])
recipe("__gc put in later", [[
  local m = {}
  setmetatable({}, m)
  m.__gc = function() while true do end end
  local all = {}
  for i = 1, 1e5 do all[i % 10] = setmetatable({}, m) end]])
recipe("__close", [[
  local x <close> = setmetatable({}, { __close = function() while true do end end })]])
recipe("__close put in later", [[
  local m = {}
  local t = setmetatable({}, m)
  m.__close = function() while true do end end
  local x <close> = t
  error "x"]])
recipe("weak keys in chains", [[
  local m = {}
  local first = {}
  local key = first
  m.__mode = "k"
  local all = {}
  for i = 1, 1e6 do
    local nextkey = {}
    pcall(setmetatable, all, m)
    all[i] = { [key] = nextkey }
    key = nextkey
  end]])
recipe("weak keys put in later", [[
  local m, all, keys = {}, {}, {}
  for i = 1, 20000 do keys[i] = {} end
  for i = 1, 20000 do
    local from, to = (i * 7919) % 20000 + 1, (i * 7919 + 7919) % 20000 + 1
    all[i] = setmetatable({ [keys[from] ] = keys[to] }, m)
  end
  m.__mode = "k"
  keys = nil
  while true do local s = ("x"):rep(1e6) end]])
recipe("deep recursion", [[
  local function f() return 1 + f() end
  while true do pcall(f) end]])
recipe("loops just below the end of the stack", [[
  local function f(n)
    local ok = pcall(f, n + 1)
    while not ok do pcall(function() while true do end end) end
  end
  f(1)]])
recipe("a loop at every depth of the stack", [[
  local function f(n) return n == 0 and pcall(function() while true do end end) or f(n - 1) + 1 end
  for n = 199000, 200100 do pcall(f, n) end
  local function g(k) return k > 0 and pcall(g, k - 1) end
  for n = 160, 260 do pcall(g, n) end]])
recipe("recursion in C", [[
  local function f(s) return (s:gsub(".", f)) end
  while true do pcall(f, "x") end]])
recipe("pcall in pcall, where nothing can yield", [[
  local function f() while true do pcall(f) end end
  table.sort({ 1, 2, 3 }, f)]])
recipe("recursion in sort", [[
  local function s() table.sort({ 3, 2, 1 }, function(a, b) s() return a < b end) end
  while true do pcall(s) end]])
recipe("many arguments", [[
  local t = {}
  for i = 1, 200000 do t[i] = i end
  local function f(...) return select("#", ...) end
  while true do f(table.unpack(t)) end]])
recipe("many arguments passed on", [[
  local function g(...) return ... end
  local function f(n, ...) if n == 0 then return ... end return f(n - 1, ...) end
  while true do f(1e9, table.unpack({}, 1, 240000)) g(...) end]])
recipe("next over a table that was emptied", [[
  local t = {}
  for i = 1, 60000 do t["k" .. i] = true end
  for k in pairs(t) do t[k] = nil end
  while true do next(t) end]])

-- ---- patterns and strings ----

recipe("a pattern of many .-", [[
  local s = ("a"):rep(1e5)
  return s:find((".-"):rep(20) .. "b")]])
recipe("a pattern of many .*", [[
  return (("a"):rep(3e4)):match((".*"):rep(8) .. "b")]])
recipe("a pattern that backtracks in gsub", [[
  return (("a"):rep(1e4)):gsub("a-a-a-a-a-b", "")]])
recipe("gmatch that backtracks", [[
  for _ in (("a"):rep(1e5)):gmatch("a*a*a*a*b") do end]])
recipe("a pattern with back references", [[
  return (("a"):rep(1e4)):find("(a*)%1(a*)%2(a*)%3b")]])
recipe("a pattern with %b", [[
  local s = ("("):rep(1e5)
  while true do s:find("%b()") end]])
recipe("a pattern with %f", [[
  local s = ("a"):rep(1e5)
  while true do s:find("%f[%d]%d*$") end]])
recipe("a giant set", [[
  local s, p = ("a"):rep(1e4), "[" .. ("b"):rep(1e5) .. "]"
  while true do s:find(p .. "*" .. p) end]])
recipe("a pattern that recurses", [[
  while true do pcall(string.find, ("a"):rep(1e5), ("a?"):rep(1e5) .. ("a"):rep(1e5)) end]])
recipe("a plain search in squares", [[
  local s = ("a"):rep(1e6)
  local p = ("a"):rep(5e5) .. "b"
  while true do s:find(p, 1, true) end]])
recipe("string.rep", [[return ("x"):rep(1 << 40)]])
recipe("string.rep of nothing", [[return (""):rep(1 << 62)]])
recipe("string.rep of nothing between", [[return (""):rep(1 << 62, "")]])
recipe("string.rep that wraps around", [[return ("x"):rep(1 << 62, ("y"):rep(4))]])
recipe("string.rep again and again", [[while true do pcall(string.rep, "x", 6e6) end]])
recipe("string.format with a width", [[
  pcall(string.format, "%99999d", 1)
  pcall(string.format, "%.99999f", 1)
  pcall(string.format, "%1000000000s", "x")
  return #string.format("%99.99f", 1e308)]])
recipe("string.format of much", [[
  local s = ("x"):rep(1e6)
  local f = ("%s"):rep(200)
  local t = {}
  for i = 1, 200 do t[i] = s end
  while true do pcall(string.format, f, table.unpack(t)) end]])
recipe("strings that double", [[
  local s = "x"
  while true do s = s .. s end]])
recipe("strings that double, caught", [[
  while true do pcall(function() local s = "x" while true do s = s .. s end end) end]])
recipe("long strings compared", [[
  local a, b = ("x"):rep(3e6) .. "a", ("x"):rep(3e6) .. "b"
  while true do local _ = a < b, a == b end]])
recipe("long strings as keys", [[
  local t = {}
  while true do t[("x"):rep(1e6) .. #t] = true end]])
recipe("upper and lower of much", [[
  local s = ("x"):rep(2e6)
  while true do s:upper():lower():reverse() end]])
recipe("byte and char of much", [[
  local s = ("x"):rep(2e5)
  while true do pcall(string.char, s:byte(1, -1)) end]])
recipe("utf8 of much", [[
  local s = ("\u{10FFFF}"):rep(5e5)
  while true do utf8.len(s) pcall(utf8.codepoint, s, 1, -1) for _ in utf8.codes(s) do end end]])
recipe("tonumber of much", [[
  local s = ("9"):rep(3e6)
  while true do tonumber(s) tonumber(s, 36) end]])

-- ---- tables ----

recipe("small tables", [[local t = {} while true do t = { t } end]])
recipe("small tables, caught", [[
  while true do pcall(function() local t = {} while true do t = { t } end end) end]])
recipe("memory at its edge", [[
  local keep, n = {}, 0
  while true do
    if not pcall(function() n = n + 1 keep[n] = { n, {} } end) then keep[n] = nil end
  end]])
recipe("closures and threads", [[
  local t = {}
  while true do t[#t + 1] = coroutine.create(function() return t end) end]])
recipe("a table of a huge size", [[
  local t = {}
  for i = 0, 62 do t[1 << i] = true end
  table.pack(pcall(table.unpack, t, 1, 1 << 40))
  return #t]])
recipe("table.concat without end", [[
  return table.concat(setmetatable({}, { __index = type, __len = function() return 1 << 60 end }),
    "", 1, 1 << 60)]])
recipe("table.concat of much", [[
  local s, t = ("x"):rep(1e6), {}
  for i = 1, 1000 do t[i] = s end
  while true do pcall(table.concat, t) end]])
recipe("table.insert without end", [[
  table.insert(setmetatable({}, { __len = function() return 1 << 61 end }), 1, "x")
  local t = {}
  while true do table.insert(t, 1, "x") end]])
recipe("table.remove without end", [[
  return table.remove(setmetatable({}, { __len = function() return 1 << 61 end }), 1)]])
recipe("table.move without end", [[
  table.move({}, 1, 1 << 60, 2)
  table.move(setmetatable({}, { __index = type }), 1, 1 << 60, 2, {})]])
recipe("table.unpack without end", [[
  while true do pcall(table.unpack, setmetatable({}, { __index = rawequal }), 1, 1e6) end]])
recipe("table.sort of much", [[
  local t = {}
  for i = 1, 250000 do t[i] = -i % 977 end
  while true do table.sort(t) end]])
recipe("table.sort with a comparator that lies", [[
  local t = {}
  for i = 1, 1e5 do t[i] = i end
  while true do pcall(table.sort, t, function() return true end) end]])
recipe("table.sort with a comparator in C", [[
  local t = {}
  for i = 1, 1e5 do t[i] = i end
  while true do pcall(table.sort, t, rawequal) pcall(table.sort, t, math.ult) end]])
recipe("table.sort without end", [[
  table.sort(setmetatable({}, { __len = function() return 1 << 30 end, __index = type }))]])
recipe("table.sort with errors", [[
  while true do pcall(table.sort, { 1, {}, "x", print }) end]])

-- ---- what leaves ----

recipe("a function as result", [[return { { { print } } }]])
recipe("a function as error", [[error(print)]])
recipe("a table with a metatable as error", [[
  error(setmetatable({ kind = "http", message = "x" }, { __index = _G, __tostring = print,
    __gc = nil, __name = "sei.error" }))]])
recipe("a coroutine as error", [[error(coroutine.running())]])
recipe("a circle as result", [[local t = {} t.t = t return t]])
recipe("a circle as error", [[local t = { kind = "http", message = "x" } t.t = t error(t)]])
recipe("a result that explodes", [[
  local t = { 1 }
  for i = 1, 50 do t = { t, t } end
  return t]])
recipe("an error that explodes", [[
  local t = { 1 }
  for i = 1, 50 do t = { t, t, kind = "http", message = "x" } end
  error(t)]])
recipe("a result with a strange __pairs", [[
  return setmetatable({ 1 }, { __pairs = function() while true do end end, __len = function()
    while true do end end, __index = function() while true do end end })]])
recipe("a question that explodes", [[
  if not client then return end
  local t = { 1 }
  for i = 1, 50 do t = { t, t } end
  client:get_schema(t)]])
recipe("a function in a question", [[
  if not client then return end
  client:get_schema { query = print }]])
recipe("printing without end", [[while true do print(("x"):rep(1000)) end]])
recipe("codes for the terminal", [[error "\27]0;x\7\27[2J"]])
recipe("the limit as a value", [[
  local got
  while true do
    pcall(function()
      xpcall(function() while true do end end, function(e) got = e end)
      if got ~= nil then error(got) end
    end)
    if got ~= nil then return "ESCAPED " .. tostring(got) end
  end]])

-- ---- the parser ----

recipe("bytecode", "\27Lua\x54\0\x19\x93\r\n\x1a\n\4\8\8")
recipe("labels", function()
  local t = {}
  for i = 1, 7000 do t[i] = "::a" .. i .. "::" end
  return table.concat(t)
end)
recipe("gotos", function() return ("goto a "):rep(9300) .. "::a::" end)
recipe("parentheses", function() return "return " .. ("("):rep(30000) .. "1" end)
recipe("braces", function() return "return " .. ("{"):rep(60000) end)
recipe("functions", function() return ("return function() "):rep(3000) end)
recipe("a long expression", function() return "return " .. ("1 .. "):rep(12000) .. "1" end)
recipe("many locals", function() return ("local a "):rep(8000) end)
recipe("many constants", function()
  local t = {}
  for i = 1, 6000 do t[i] = "x" .. i .. "=" .. i end
  return table.concat(t, " ")
end)
recipe("a constant _ENV", [[local _ENV <const> = {} x = 1 return x]])
recipe("no _ENV", [[local _ENV = nil return x]])
recipe("too long a text", function() return ("-"):rep(70000) end)

--- The list.
-- @tparam table names `CANARY`, `MARK`, `ADDRESS`
-- @treturn {table,...} { name =, text = }
function hostile.list(names)
  local list = {}
  for i, row in ipairs(LIST) do
    local text = type(row.text) == "function" and row.text() or row.text
    list[i] = { name = row.name, text = text:gsub("%%(%u+)%%", names) }
  end
  return list
end

-- ---- mutations ----

--- Recipes as they should be.
hostile.VALID = {
  [[local result = {}
for _, person in ipairs(inputs.people or {}) do
  local name = sei.text.fold(person.name or "")
  result[#result + 1] = { email = person.email, key = name:gsub("%s+", " ") }
end
table.sort(result, function(a, b) return a.email < b.email end)
return result]],
  [[local by = {}
local function add(key, value)
  local list = by[key] or {}
  list[#list + 1] = value
  by[key] = list
end
for i = 1, 200 do add("k" .. i % 7, string.format("%d:%s", i, ("x"):rep(i % 5))) end
local out = {}
for key, list in pairs(by) do out[#out + 1] = key .. "=" .. table.concat(list, ",", 1, 3) end
return table.concat(out, ";")]],
  [[local Account = {}
Account.__index = Account
function Account.new(login) return setmetatable({ login = login }, Account) end
function Account:local_part() return self.login:match "^([^@]+)@?" end
local gen = coroutine.wrap(function()
  for _, login in ipairs { "a.b@example.com", "c-d", "e" } do
    coroutine.yield(Account.new(login))
  end
end)
local parts = {}
for account in gen do parts[#parts + 1] = account:local_part() end
return parts]],
  [[local function score(a, b)
  local ok, value = pcall(sei.similarity.jaro_winkler, a, b)
  return ok and value or 0
end
local best, who = 0, nil
for _, name in ipairs { "jane doe", "john doe", "j. doe" } do
  local s = score("jane d", name)
  if s > best then best, who = s, name end
end
print(who, best)
return { who = who, best = math.floor(best * 100) }]],
}

-- Numbers that break things, and pieces of code.
local NUMBERS <const> = { "0", "-1", "1e9", "1e308", "1 << 62", "math.huge", "0/0",
  "math.mininteger" }
local PIECES <const> = { "while true do end", "error({})", "pcall(error)", "return print",
  "coroutine.yield()", "goto x", "collectgarbage()", "x = x .. x", "local t = {} t[t] = t",
  "setmetatable(_G, { __index = function() while true do end end })",
  "for i = 1, 1e9 do local s = ('x'):rep(i) end", "_G = nil", "_ENV = {}", "string = nil",
  "table.insert(inputs, inputs)", "return _G", "os.exit(1)", "io.open('%CANARY%')" }

--- A recipe that is none any more, always the same for one seed.
-- @tparam {table,...} list of hostile.list()
-- @tparam function random(n) whole numbers from 1 to n
-- @treturn string
function hostile.mutated(list, random)
  local text = hostile.VALID[random(#hostile.VALID)]
  for _ = 1, random(4) do
    local what = random(6)
    if what == 1 then -- a number
      local which, n = random(8), 0
      text = text:gsub("%f[%w]%d+%f[%W]", function()
        n = n + 1
        return n == which and NUMBERS[random(#NUMBERS)] or nil
      end)
    elseif what == 2 then -- a piece at a line's end
      local which, n = random(8), 0
      text = text:gsub("\n", function()
        n = n + 1
        return n == which and "\n" .. PIECES[random(#PIECES)] .. "\n" or nil
      end)
    elseif what == 3 then -- a line twice, or not at all
      local lines = {}
      for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
      local at = random(#lines)
      if random(2) == 1 then table.remove(lines, at) else table.insert(lines, at, lines[at]) end
      text = table.concat(lines, "\n")
    elseif what == 4 then -- a byte
      local at = random(#text)
      text = text:sub(1, at - 1) .. string.char(random(255)) .. text:sub(at + 1)
    elseif what == 5 then -- a hostile recipe before it, as a function that is called
      text = "pcall(function() " .. list[random(#list)].text .. "\nend)\n" .. text
    else -- words change places
      local a, b = text:match("(%a+)", random(#text)), text:match("(%a+)", random(#text))
      if a and b then text = text:gsub("%f[%a]" .. a .. "%f[%A]", b, 1) end
    end
  end
  return #text > 60000 and text:sub(1, 60000) or text
end

return hostile
