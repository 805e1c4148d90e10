--- What a sandboxed recipe finds besides Lua: these functions are compiled by the
-- host and run inside the cage, so they have no upvalues and require nothing.
-- @module sei.sandboxed.inside

local inside = {}

--- Makes the recipe's client, a face: each call is a question to the host, which answers with
-- data.
-- @tparam function ask asks the host; it gives "ok" and values, "failed" and an error as data, or
-- "misuse" and a text
-- @tparam table data `methods`: array of { name, kind } of the client's methods, none without a
-- client; `arg`: what the recipe finds under this name
function inside.client(ask, data)
  local error, setmetatable, getmetatable, type = error, setmetatable, getmetatable, type
  local tostring = tostring
  local globals = _ENV
  local failure = { __name = "sei.error" }

  function failure.__tostring(err)
    local text = tostring(err.kind) .. ": " .. tostring(err.message)
    return err.hint and text .. "; " .. tostring(err.hint) or text
  end

  function globals.sei.is_error(value)
    return type(value) == "table" and getmetatable(value) == failure
  end

  -- As the methods of a client outside: misuse raises, failures are returned.
  local function settle(what, ...)
    if what == "ok" then return ... end
    if what == "failed" then return nil, setmetatable((...), failure) end
    error((...), 3)
  end

  local function walk(name, options)
    local opened, id = ask("open", name, options)
    if opened == "failed" then error(setmetatable(id, failure), 0) end
    if opened ~= "ok" then error(id, 2) end
    local items, at, last = {}, 0, false
    return function()
      at = at + 1
      if items[at] == nil and not last then
        local what, got, ended = ask("next", id)
        if what ~= "ok" then
          last, items = true, {}
          if what == "failed" then error(setmetatable(got, failure), 0) end
          error(got, 2)
        end
        items, last, at = got, ended, 1
      end
      return items[at]
    end
  end

  globals.arg = data.arg
  if not data.methods then return end
  local client = {}
  for i = 1, #data.methods do
    local name, kind = data.methods[i][1], data.methods[i][2]
    if kind == "list" or kind == "download" then
      client[name] = function(_, options) return walk(name, options) end
    else
      client[name] = function(_, ...) return settle(ask("call", name, ...)) end
    end
  end
  globals.client = setmetatable(client, { __name = "sei.client", __index = function(_, name)
    error("a client has no method '" .. tostring(name) .. "'", 2)
  end })
end

--- Makes `sei.rule` of a recipe of sei.plan: its rules are data, { rule = NAME, and its options },
-- and the host makes rules of them.
-- @param _ nothing is asked
-- @tparam table data `rules`: their names; `defaults`: those that sei.rule.defaults() gives
function inside.rules(_, data)
  local error, pairs, type = error, pairs, type
  local rule = {}
  for i = 1, #data.rules do
    local name = data.rules[i]
    rule[name] = function(options)
      if options ~= nil and type(options) ~= "table" then
        error("bad argument #1 to '" .. name .. "' (table of options expected)", 2)
      end
      local made = {}
      for key, value in pairs(options or {}) do made[key] = value end
      made.rule = name
      return made
    end
  end
  function rule.defaults()
    local list = {}
    for i = 1, #data.defaults do list[i] = { rule = data.defaults[i] } end
    return list
  end
  _ENV.sei.rule = rule
end

return inside
