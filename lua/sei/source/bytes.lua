--- Where a source's bytes come from: files, a text, or a function; in any
-- encoding, as UTF-8, piece by piece.
-- @module sei.source.bytes

local core = require "sei.core"

local bytes = {}

local PIECE <const> = 64 * 1024
local LINE_MAX <const> = 16 * 1024 * 1024

-- Options of every source that reads bytes.
bytes.options = {
  file = "string|table", text = "string", chunks = "callable", name = "string",
  encoding = "string",
}

-- Names that people use for what iconv calls otherwise.
local ENCODINGS <const> = {
  ["latin-1"] = "ISO-8859-1", ["latin1"] = "ISO-8859-1", ["iso-8859-1"] = "ISO-8859-1",
  ["latin-9"] = "ISO-8859-15", ["windows-1252"] = "CP1252", ["cp1252"] = "CP1252",
  ["ansi"] = "CP1252", ["utf-16le"] = "UTF-16LE", ["utf-16be"] = "UTF-16BE",
  ["utf-32le"] = "UTF-32LE", ["utf-32be"] = "UTF-32BE",
}
local UTF8 <const> = { ["utf-8"] = true, ["utf8"] = true, ["auto"] = true }
local KNOWN <const> = { "auto", "utf-8", "utf-16", "utf-16le", "utf-16be", "utf-32", "latin-1",
  "latin-9", "windows-1252" }

-- The marks that a text may begin with (Unicode 15, section 23.8), longest first.
local MARKS <const> = {
  { "\xFF\xFE\0\0", "UTF-32LE" }, { "\0\0\xFE\xFF", "UTF-32BE" },
  { "\xEF\xBB\xBF", "utf-8" }, { "\xFF\xFE", "UTF-16LE" }, { "\xFE\xFF", "UTF-16BE" },
}

local function fail(kind, file, message, hint)
  error(core.error { kind = kind, message = message, file = file, hint = hint }, 0)
end

--- Checks the option `encoding`; raises a text.
-- @tparam ?string name
-- @tparam string what the function, for messages
function bytes.check_encoding(name, what)
  if name == nil or UTF8[name:lower()] or name:lower() == "utf-16" or name:lower() == "utf-32" then
    return
  end
  if not core.encoding(ENCODINGS[name:lower()] or name) then
    local near = core.nearest(name, KNOWN)
    error(("bad option 'encoding' for %s (there is no encoding '%s'; %s)"):format(what, name,
      near and "did you mean '" .. near .. "'?" or "for one: " .. table.concat(KNOWN, ", ")), 0)
  end
end

-- ---- inputs ----

local function file_input(path)
  return { name = path, open = function()
    local file, problem = io.open(path, "rb")
    if not file then fail("io", path, problem) end
    return function()
      local piece, why = file:read(PIECE)
      if not piece and why then fail("io", path, path .. ": " .. why) end
      return piece
    end, function() if io.type(file) == "file" then file:close() end end
  end }
end

local function text_input(text, name)
  return { name = name or "text", open = function()
    local at = 1
    return function()
      if at > #text then return nil end
      at = at + PIECE
      return text:sub(at - PIECE, at - 1)
    end, function() end
  end }
end

local function chunks_input(chunks, name)
  local used = false
  return { name = name or "chunks", open = function()
    if used then
      error("this source reads its 'chunks' and can be read only once; make a new one", 0)
    end
    used = true
    return function()
      local piece, why = chunks()
      if piece == nil and why ~= nil then
        if type(why) == "table" then error(why, 0) end
        fail("io", name, "the function 'chunks' failed: " .. tostring(why))
      end
      if piece ~= nil and type(piece) ~= "string" then
        error("the function 'chunks' must return a string or nil, got " .. type(piece), 0)
      end
      return piece
    end, function() end
  end }
end

--- What the options `file`, `text` and `chunks` name; raises a text unless it
-- is exactly one of them.
-- @tparam table options checked
-- @tparam string what the function, for messages
-- @treturn {table,...} inputs, to be read one after the other
function bytes.inputs(options, what)
  local given = 0
  for _, name in ipairs { "file", "text", "chunks" } do
    if options[name] ~= nil then given = given + 1 end
  end
  if given ~= 1 then
    error(("%s needs exactly one of the options 'file', 'text' and 'chunks', got %s"):format(what,
      given == 0 and "none" or "more"), 0)
  end
  bytes.check_encoding(options.encoding, what)
  if options.text then return { text_input(options.text, options.name) } end
  if options.chunks then return { chunks_input(options.chunks, options.name) } end
  local list, paths = {}, type(options.file) == "table" and options.file or { options.file }
  for i, path in ipairs(paths) do
    if type(path) ~= "string" or path == "" then
      error(("bad option 'file' for %s (path or array of paths expected, got %s at %d)"):format(
        what, path == "" and "an empty one" or type(path), i), 0)
    end
    list[i] = file_input(path)
  end
  if #list == 0 then
    error(("bad option 'file' for %s (the array of paths is empty)"):format(what), 0)
  end
  return list
end

-- ---- encodings ----

-- Reads until there are enough bytes for any mark.
local function beginning(pull)
  local head = ""
  while #head < 4 do
    local piece = pull()
    if not piece then break end
    head = head .. piece
  end
  return head
end

local function mark_of(head)
  for _, mark in ipairs(MARKS) do
    if head:sub(1, #mark[1]) == mark[1] then return mark[1], mark[2] end
  end
  return "", nil
end

-- What the text is in, for iconv; nil: UTF-8.
local function choose(name, found, file)
  name = (name or "auto"):lower()
  if UTF8[name] then
    if found == "utf-8" or name ~= "auto" then return nil end
    return found
  end
  if name == "utf-16" or name == "utf-32" then
    if found and found:lower():find(name, 1, true) then return found end
    fail("decode", file, ("%s: the text has no byte order mark, so that %s may be either"):format(
      file, name), ("say encoding = \"%sle\" or \"%sbe\""):format(name, name))
  end
  return ENCODINGS[name] or name
end

local function converted(pull, input, iconv_name, shown)
  local converter, line, failure = core.encoding(iconv_name), 1, nil
  local finished = false
  return function()
    if failure then error(failure, 0) end
    if finished then return nil end
    local piece = pull()
    finished = piece == nil
    local text, at, byte, cut = core.encoding_feed(converter, piece)
    line = line + select(2, text:gsub("\n", ""))
    if at then
      failure = core.error { kind = "decode", file = input.name, line = line, byte = byte,
        message = ("%s:%d: byte 0x%02X (%d bytes into the text) is not %s%s"):format(input.name,
          line, byte, at, shown, cut and ": the text ends inside a character" or ""),
        hint = "the option 'encoding' says what the text is in" }
    end
    return text
  end
end

--- Opens an input.
-- @tparam table input of bytes.inputs
-- @tparam ?string encoding the option
-- @treturn function gives the next piece, UTF-8 without byte order mark, or nil
-- @treturn function closes it; may be called twice
function bytes.open(input, encoding)
  local pull, close = input.open()
  local ok, head = pcall(beginning, pull)
  if not ok then
    close()
    error(head, 0)
  end
  local mark, found = mark_of(head)
  local chosen = choose(encoding, found, input.name)
  -- Latin-1 may begin with what elsewhere is a mark.
  if not chosen or chosen == found then head = head:sub(#mark + 1) end
  local function raw()
    if head then
      local first = head
      head = nil
      return first
    end
    return pull()
  end
  if not chosen then return raw, close end
  local shown = encoding and encoding:lower() ~= "auto" and encoding or chosen
  return converted(raw, input, chosen, shown), close
end

local function too_long(name, number)
  error(core.error { kind = "decode", file = name, line = number,
    message = ("%s:%d: the line is longer than %d bytes"):format(name, number, LINE_MAX),
    hint = "is it a text file, and of the kind that was expected?" }, 0)
end

--- Gives lines, without their ends, and their numbers.
-- @tparam function pull of bytes.open
-- @tparam string name of the input, for messages
-- @treturn function
function bytes.lines(pull, name)
  local rest, at, number, ended = "", 1, 0, false
  local parts = {}
  local function more()
    parts[1], rest, at = rest:sub(at), "", 1
    local size = #parts[1]
    while true do
      local piece = pull()
      if not piece then
        ended = true
        break
      end
      parts[#parts + 1] = piece
      if piece:find("\n", 1, true) then break end
      size = size + #piece
      if size > LINE_MAX then too_long(name, number + 1) end
    end
    rest, parts = table.concat(parts), {}
  end
  return function()
    while true do
      local stop = rest:find("\n", at, true)
      if stop or ended then
        if not stop and at > #rest then return nil end
        local line = rest:sub(at, stop and stop - 1)
        at, number = (stop or #rest) + 1, number + 1
        if line:byte(-1) == 13 then line = line:sub(1, -2) end
        return line, number
      end
      more()
    end
  end
end

--- Pieces that can be looked at before they are used.
-- @tparam function pull of bytes.open
-- @treturn function gives an iterator over all pieces from the first on; the
-- one that is asked for with `true` is the last and remembers nothing
function bytes.tape(pull)
  local kept, ended = {}, false
  return function(last)
    local at = 0
    return function()
      at = at + 1
      if kept[at] then
        local piece = kept[at]
        if last then kept[at] = "" end
        return piece
      end
      if ended then return nil end
      local piece = pull()
      if piece == nil then
        ended = true
      elseif not last then
        kept[at] = piece
      end
      return piece
    end
  end
end

return bytes
