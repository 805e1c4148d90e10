-- web - the HTTP side of the servers beside this file, by lua-http: POST /hire.
--
-- lua-http lives in a controller of cqueues. Debian's package lists Lua up to
-- 5.3; it is written in Lua and runs under 5.4, with
--   LUA_PATH=';;/usr/share/lua/5.1/?.lua'

local desk = require "desk"
local headers = require "http.headers"
local sei = require "sei"
local server = require "http.server"

local web = {}

local PATIENCE <const> = 10 -- seconds for a body to come

local function answer(stream, status, value)
  local head, text = headers.new(), sei.json.encode(value) .. "\n"
  head:append(":status", tostring(status))
  head:append("content-type", "application/json")
  head:append("content-length", tostring(#text))
  if status == 405 then head:append("allow", "POST") end
  assert(stream:write_headers(head, false, PATIENCE))
  assert(stream:write_body_from_string(text, PATIENCE))
end

-- The status and the value for a request, and what is for the log.
local function serve(stream, hire)
  local head = assert(stream:get_headers(PATIENCE))
  if head:get ":path" ~= "/hire" then return 404, { error = "there is only /hire" } end
  if head:get ":method" ~= "POST" then return 405, { error = "POST a new hire as JSON" } end
  local text, problem = stream:get_body_chars(desk.MOST + 1, PATIENCE)
  if problem then return 408, { error = "the body did not come" } end
  return hire(text or "")
end

-- Listens on a port of the loopback (whoever is outside comes through a proxy
-- that knows who may) in the controller `loop`. `hire(text)` answers a request;
-- `count(n)` hears of each that comes (1) and goes (-1). Returns lua-http's
-- server and the port.
function web.listen(loop, port, hire, count)
  local listener = assert(server.listen { host = "127.0.0.1", port = port, cq = loop,
    onstream = function(_, stream)
      count(1)
      local ok, status, value, problem = pcall(serve, stream, hire)
      if not ok then
        problem = status
        status, value = 500, { error = "this went wrong; the server's log says why" }
      end
      if problem then io.stderr:write(tostring(problem), "\n") end
      pcall(answer, stream, status, value) -- whoever asked may be gone
      count(-1)
    end,
    onerror = function(_, _, _, err) io.stderr:write(tostring(err), "\n") end,
  })
  assert(listener:listen())
  return listener, (select(3, listener:localname()))
end

return web
