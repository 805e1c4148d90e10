--- A CSV reply goes to a file or to a function, in constant memory.
-- @module sei.download

local core = require "sei.core"
local wait = require "sei.wait"

local download = {}

local function drain(stream, file)
  local bytes = 0
  while true do
    local chunk, err = core.download_read(stream)
    if chunk then
      local ok, problem = core.file_write(file, chunk)
      if not ok then return nil, problem end
      bytes = bytes + #chunk
    elseif chunk == false then
      wait.for_(stream, core.download_poll, core.download_await)
    elseif err then
      return nil, err
    else
      return bytes
    end
  end
end

--- Writes the reply to a file, byte for byte. It grows beside its name and
-- takes it when it is whole, so a failure leaves what was there before. What is
-- no regular file, a pipe for one, is written as it is.
-- @return {file=, bytes=}, or nil and an error object
function download.to_file(client, endpoint, options)
  local file <close>, problem = core.file(options.file)
  if not file then return nil, problem end
  local stream <close> = core.download(client, endpoint, options)
  local bytes, err = drain(stream, file)
  if not bytes then return nil, err end
  local ok, why = core.file_commit(file)
  if not ok then return nil, why end
  return { file = options.file, bytes = bytes }
end

--- Calls options.to with each row and its line.
-- @return {rows=}, or nil and an error object
function download.to_function(client, endpoint, options)
  local stream <close> = core.download(client, endpoint, options)
  local rows = 0
  for row, line in stream do
    options.to(row, line)
    rows = rows + 1
  end
  return { rows = rows }
end

return download
