--- A chat client for a spec: enough of XMPP (RFC 6120, 6121) to log in over a
-- plain connection and to ask questions.
local mime = require "mime"
local socket = require "socket"

local xmpp = {}

local Session = {}
Session.__index = Session

-- Reads until a pattern is there; the text up to its end.
local function read(self, pattern)
  while true do
    local _, last = self.text:find(pattern)
    if last then
      local text = self.text:sub(1, last)
      self.text = self.text:sub(last + 1)
      return text
    end
    local all, err, part = self.socket:receive(1)
    if err then error(("%s, having read %s"):format(err, self.text), 3) end
    self.text = self.text .. (all or part)
  end
end

local function send(self, text) assert(self.socket:send(text)) end

local function stream(self, host)
  send(self, ("<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' version='1.0'"
    .. " xmlns:stream='http://etherx.jabber.org/streams'>"):format(host))
  return read(self, "</stream:features>")
end

--- Logs in as user@localhost, by SASL PLAIN (RFC 4616).
-- @tparam integer port
-- @tparam string user
-- @tparam string password
-- @tparam ?number seconds without a byte (5)
function xmpp.login(port, user, password, seconds)
  local self = setmetatable({ socket = assert(socket.connect("127.0.0.1", port)), text = "",
    number = 0 }, Session)
  self.socket:settimeout(seconds or 5)
  stream(self, "localhost")
  send(self, ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>")
    :format((mime.b64(("\0%s\0%s"):format(user, password)))))
  read(self, "<success[^>]*>")
  stream(self, "localhost")
  self:ask("set", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")
  return self
end

--- Sends a question, without waiting for the answer.
-- @tparam string kind "get" or "set"
-- @tparam string body XML
-- @tparam ?string to
-- @treturn string its id
function Session:send(kind, body, to)
  self.number = self.number + 1
  local id = "q" .. self.number
  send(self, ("<iq type='%s' id='%s'%s>%s</iq>"):format(kind, id,
    to and (" to='%s'"):format(to) or "", body))
  return id
end

--- Reads the answer to a question.
-- @tparam string id
-- @treturn string XML of the whole iq
function Session:answer(id)
  local text
  repeat
    text = read(self, "<iq[^>]*/?>")
    if not text:find "/>$" then text = text .. read(self, "</iq>") end
  until text:find(("id='%s'"):format(id), 1, true)
  return text
end

--- Asks, and waits for the answer.
function Session:ask(kind, body, to) return self:answer(self:send(kind, body, to)) end

--- Runs a step of an ad-hoc command (XEP-0050).
-- @tparam string node
-- @tparam string action "execute", "complete", "cancel"
-- @tparam ?string session what the first step gave
-- @tparam ?{string=string} fields of the form
-- @treturn string id for Session:answer
function Session:command(node, action, session, fields)
  local form = {}
  for name, value in pairs(fields or {}) do
    form[#form + 1] = ("<field var='%s'><value>%s</value></field>"):format(name, value)
  end
  return self:send("set", ("<command xmlns='http://jabber.org/protocol/commands' node='%s'"
    .. " action='%s'%s>%s</command>"):format(node, action,
    session and (" sessionid='%s'"):format(session) or "",
    fields and ("<x xmlns='jabber:x:data' type='submit'>%s</x>"):format(table.concat(form)) or ""),
    "localhost")
end

--- Logs out.
function Session:close()
  self.socket:send "</stream:stream>"
  self.socket:close()
end

Session.__close = Session.close

return xmpp
