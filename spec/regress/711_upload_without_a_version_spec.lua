-- 'sei upload developers --activate' ended with status 0, and had activated nothing, where the
-- answer to the upload named no version.
local command = require "spec.support.command"
local raw = require "spec.support.raw"
local shell = require "spec.support.shell"
local socket = require "socket"

local SECONDS <const> = 20 -- for what takes a part of one

-- Takes one request and answers it.
local function answer(listening, body)
  listening:settimeout(SECONDS)
  local peer <close> = setmetatable({ at = assert(listening:accept()) },
    { __close = function(self) self.at:close() end })
  peer.at:settimeout(SECONDS)
  local size = 0
  repeat
    local line = assert(peer.at:receive "*l")
    size = tonumber(line:lower():match "^content%-length: (%d+)") or size
  until line == ""
  assert(peer.at:receive(size))
  assert(peer.at:send(raw.reply(200, body)))
end

describe("an upload of developers", function()
  local folder
  setup(function() folder = shell.folder() end)
  teardown(function() shell.remove(folder) end)

  for _, words in ipairs { "--activate", "" } do
    it("is an error if no version is named: " .. words, function()
      local path = folder .. "/hr.csv"
      local out <close> = assert(io.open(path, "w"))
      out:write "email,name\na@x.example,A\n"
      out:close()
      local listening = assert(socket.bind("127.0.0.1", 0))
      finally(function() listening:close() end)
      local _, port = listening:getsockname()
      local line = command.line({ url = ("http://127.0.0.1:%d/sei/api"):format(port) },
        { SEI_RETRIES = "0" })
      local child = assert(io.popen(("timeout %d %s upload developers %s %s 2>&1; echo $?"):format(
        SECONDS, line, words, shell.quote(path))))
      answer(listening, '{"status":"SUCCESS"}')
      local text = child:read "a"
      child:close()
      assert.matches("named no versionId", text, 1, true)
      assert.matches("nothing was activated", text, 1, true)
      assert.matches("\n1\n$", text)
    end)
  end
end)
