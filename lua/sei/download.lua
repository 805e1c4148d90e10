--- A CSV reply goes to a file or to a function, in constant memory.
-- @module sei.download

local core = require "sei.core"
local wait = require "sei.wait"

local download = {}

local function io_error(path, problem)
  return core.error { kind = "io", file = path,
    message = problem:find(path, 1, true) and problem or path .. ": " .. problem }
end

local function drain(stream, file, path)
  local bytes = 0
  while true do
    local chunk, err = core.download_read(stream)
    if chunk then
      local ok, problem = file:write(chunk)
      if not ok then return nil, io_error(path, problem) end
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

--- Writes the reply to a file, byte for byte. It grows beside its name and is
-- renamed when it is whole, so a failure leaves what was there before.
-- @return {file=, bytes=}, or nil and an error object
function download.to_file(client, endpoint, options)
  local path = options.file
  local part = path .. ".part"
  local file, problem = io.open(part, "wb")
  if not file then return nil, io_error(part, problem) end
  local stream <close> = core.download(client, endpoint, options)
  local bytes, err = drain(stream, file, path)
  local closed, why = file:close()
  if bytes and not closed then bytes, err = nil, io_error(path, why) end
  if bytes then
    local renamed, reason = os.rename(part, path)
    if not renamed then bytes, err = nil, io_error(path, reason) end
  end
  if not bytes then
    os.remove(part)
    return nil, err
  end
  return { file = path, bytes = bytes }
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
