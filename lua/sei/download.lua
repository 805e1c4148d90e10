--- A CSV reply goes to a file or to a function, in constant memory.
-- @module sei.download

local core = require "sei.core"
local wait = require "sei.wait"

local download = {}

local HEAD_MAX = 64 * 1024

-- The next bytes, waited for; nil at the end; nil, err.
local function next_chunk(stream)
  local chunk, err = core.download_read(stream)
  while chunk == false do
    wait.for_(stream, core.download_poll, core.download_await)
    chunk, err = core.download_read(stream)
  end
  return chunk, err
end

-- The bytes up to the first line's end at least. What lacks one of the
-- columns is no such CSV ("ok", for one) and must not replace a file.
local function first_chunk(stream, columns)
  local head, err = next_chunk(stream)
  while head and not head:find "\n" and #head < HEAD_MAX do
    local more
    more, err = next_chunk(stream)
    if not more then break end
    head = head .. more
  end
  if err then return nil, err end
  local line = head and head:match "^[^\n]*" or ""
  for _, name in ipairs(columns or {}) do
    if not line:find(name, 1, true) then return nil, core.download_lacks(stream, name) end
  end
  return head
end

local function drain(stream, file, columns)
  local bytes = 0
  local chunk, err = first_chunk(stream, columns)
  while chunk do
    local ok, problem = core.file_write(file, chunk)
    if not ok then return nil, problem end
    bytes = bytes + #chunk
    chunk, err = next_chunk(stream)
  end
  if err then return nil, err end
  return bytes
end

--- Writes the reply to a file, byte for byte. It grows beside its name and
-- takes it when it is whole, so a failure leaves what was there before. What is
-- no regular file, a pipe for one, is written as it is.
-- @return {file=, bytes=}, or nil and an error object
function download.to_file(client, endpoint, options)
  local file <close>, problem = core.file(options.file)
  if not file then return nil, problem end
  local stream <close> = core.download(client, endpoint, options)
  local bytes, err = drain(stream, file, core.csv_header(client, endpoint))
  if not bytes then return nil, err end
  local ok, why = core.file_commit(file)
  if not ok then return nil, why end
  return { file = options.file, bytes = bytes }
end

--- Calls options.to with each row and its line.
-- @return {rows=}, or nil and an error object
function download.to_function(client, endpoint, options)
  local stream <close> = core.download(client, endpoint, options)
  return { rows = core.download_each(stream, options.to) }
end

return download
