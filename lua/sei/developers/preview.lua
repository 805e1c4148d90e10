--- The preview of an upload: JSON Lines, a header and then a row for each developer
-- that would be another one. It is what somebody reads and approves by its digest.
--
-- Members of the header: `kind` ("header"), `what` ("developers"), `format`, `target`, `version`
-- (of the upload, as the service names it), `first` (nothing was mapped yet), `source` ({digest=,
-- rows=, name=}), `mapping` (of sei.developers.mapping), `missing`, `before` and `after` (digests
-- of all developers), `counts` (add, change, remove, keep), `guards`, `warnings`; of an undo
-- `undoes` (the digest of the preview that it takes back) and `earlier` (its version is an older
-- one).
--
-- Rows: {kind="add"|"change"|"remove", email=, before=, after=}, see sei.developers.there; `line`
-- of the file.
-- @module sei.developers.preview

local core = require "sei.core"

local preview = {}

local FORMAT <const> = 1
local CANONICAL <const> = { canonical = true }

-- What a row may be.
preview.KINDS = { "add", "change", "remove" }

local IS_KIND <const> = { add = true, change = true, remove = true }

local function lines_of(header, rows)
  local texts = { assert(core.json.encode(header, CANONICAL)) }
  for i, row in ipairs(rows) do texts[i + 1] = assert(core.json.encode(row, CANONICAL)) end
  texts[#texts + 1] = ""
  return table.concat(texts, "\n")
end

--- Opens a preview to be written: its owner's alone (mode 0600), there whole or not at all. It is
-- opened before anything is sent, since an upload without its preview could not be activated.
-- @tparam ?string path nil: only its digest is wanted
-- @return a file to close, or nil without a path. Raises an error object if it cannot be opened
function preview.open(path)
  if not path then return nil end
  local out, problem = core.file(path, true)
  if not out then error(problem, 0) end
  return out
end

--- Writes a preview.
-- @param out of preview.open
-- @tparam ?string path its path
-- @tparam table header
-- @tparam {table,...} rows
-- @treturn table `header`, `rows`, `digest`, `path`. Raises an error object if it cannot be written
function preview.write(out, path, header, rows)
  header.kind, header.what, header.format = "header", "developers", FORMAT
  header.guards, header.warnings = core.json.array(header.guards), core.json.array(header.warnings)
  header.mapping = core.json.array(header.mapping)
  local text = lines_of(header, rows)
  if out then
    local ok, err = core.file_write(out, text)
    if ok then ok, err = core.file_commit(out) end
    if not ok then error(err, 0) end
  end
  return { header = header, rows = rows, digest = core.digest.sha256(text), path = path }
end

-- ---- reading ----

local function bad(path, line, format, ...)
  error(core.error { kind = "decode", file = path, line = line,
    message = ("%s:%d: %s"):format(path, line, format:format(...)),
    hint = "upload the file again with 'sei developers upload'; a preview is not edited by hand" },
    0)
end

local function is_text(value) return type(value) == "string" end

local function is_text_or_none(value) return value == nil or is_text(value) end

-- What each entry of the header's arrays must be.
local ENTRIES <const> = {
  mapping = function(one)
    return type(one) == "table" and is_text(one.name) and is_text(one.how)
      and is_text_or_none(one.column) and is_text_or_none(one.role)
  end,
  guards = function(one)
    return type(one) == "table" and math.type(one.found) == "integer"
      and math.type(one.limit) == "integer" and type(one.passed) == "boolean"
  end,
  warnings = is_text,
}

local function check_members(path, header)
  for _, name in ipairs { "add", "change", "remove", "keep" } do
    if math.type(header.counts[name]) ~= "integer" then
      bad(path, 1, "the header's 'counts.%s' is no whole number", name)
    end
  end
  local target, source = header.target, header.source
  if not is_text(target.base_url) or not is_text_or_none(target.account) then
    bad(path, 1, "the header's 'target' names no service")
  elseif source ~= nil and (type(source) ~= "table" or not is_text(source.name)
    or math.type(source.rows) ~= "integer") then
    bad(path, 1, "the header's 'source' names no file and its rows")
  end
  for name, is_sound in pairs(ENTRIES) do
    if type(header[name]) ~= "table" then bad(path, 1, "the header lacks '%s'", name) end
    for i, one in ipairs(header[name]) do
      if not is_sound(one) then bad(path, 1, "the header's '%s' has no sound entry %d", name, i) end
    end
  end
end

local function check_header(path, header)
  if type(header) ~= "table" or header.kind ~= "header" or header.what ~= "developers" then
    bad(path, 1, "not a preview that 'sei developers upload' made")
  elseif header.format ~= FORMAT then
    bad(path, 1, "a preview of format %s; this version reads %d", tostring(header.format), FORMAT)
  elseif type(header.target) ~= "table" or type(header.counts) ~= "table"
    or type(header.version) ~= "string" or type(header.before) ~= "string"
    or type(header.after) ~= "string" then
    bad(path, 1, "the header lacks 'target', 'counts', 'version', 'before' or 'after'")
  end
  check_members(path, header)
end

local function are_texts(values)
  for _, value in pairs(values or {}) do
    if not is_text(value) then return false end
  end
  return true
end

local function check_row(path, line, row)
  if type(row) ~= "table" or not IS_KIND[row.kind] or type(row.email) ~= "string" then
    bad(path, line, "no row of a preview")
  elseif row.kind ~= "add" and type(row.before) ~= "table"
    or row.kind ~= "remove" and type(row.after) ~= "table" then
    bad(path, line, "the row lacks what was before, or what comes after")
  elseif row.line ~= nil and math.type(row.line) ~= "integer" then
    bad(path, line, "the row's 'line' is no whole number")
  elseif not (are_texts(row.before) and are_texts(row.after)) then
    bad(path, line, "a value of the row is no text")
  end
end

local function read(path)
  local file <close>, problem = io.open(path, "rb")
  local text = file and file:read "a"
  if not text then
    error(core.error { kind = "io", file = path, message = problem or path .. ": cannot be read" },
      0)
  end
  local self, line = { rows = {}, path = path, digest = core.digest.sha256(text) }, 0
  for one in text:gmatch "[^\n]*\n" do
    line = line + 1
    local value, err = core.json.decode(one)
    if value == nil then bad(path, line, "%s", err.message) end
    if line == 1 then
      check_header(path, value)
      self.header = value
    else
      check_row(path, line, value)
      self.rows[line - 1] = value
    end
  end
  if not self.header then bad(path, 1, "not a preview that 'sei developers upload' made") end
  local counts = self.header.counts
  local wanted = counts.add + counts.change + counts.remove
  if wanted ~= #self.rows then
    bad(path, line, "its header speaks of %d rows, it has %d: it was cut or edited", wanted,
      #self.rows)
  end
  return self
end

--- Reads a preview and checks it.
-- @tparam string path
-- @treturn ?table `header`, `rows`, `digest`, `path`; or nil and an error object
function preview.read(path) return require "sei.attempt".call(read, path) end

-- ---- guards ----

local LEAST <const>, SHARE <const> = 10, 0.05

local function loses(row)
  for _, value in pairs(row.before or {}) do
    if value ~= "" then return true end
  end
  return false
end

--- Counts rows and judges them: at most 10 developers, or 5 % of those that there are, are removed,
-- and as many lose a value, unless a number says otherwise.
-- @tparam {table,...} rows
-- @tparam integer same how many stay as they are
-- @tparam integer existing how many there are
-- @tparam table limits `removals`, `changes`
-- @treturn table counts
-- @treturn {table,...} guards: {name=, found=, limit=, passed=}
function preview.judge(rows, same, existing, limits)
  local counts, losing = { add = 0, change = 0, remove = 0, keep = same }, 0
  for _, row in ipairs(rows) do
    counts[row.kind] = counts[row.kind] + 1
    if row.kind == "change" and loses(row) then losing = losing + 1 end
  end
  local usual = math.max(LEAST, math.floor(SHARE * existing))
  local function guard(name, found)
    local limit = limits[name] or usual
    return { name = name, found = found, limit = limit, passed = found <= limit }
  end
  return counts, { guard("removals", counts.remove), guard("changes", losing) }
end

local SENTENCES <const> = {
  removals = "%d developers would be removed, more than %d (guard.removals, --max-removals)",
  changes = "%d developers would lose a value, more than %d (guard.changes, --max-changes)",
}

--- Why a preview cannot be activated; nil: it can.
-- @tparam table header
-- @treturn ?string
function preview.stopped(header)
  local list = {}
  for _, one in ipairs(header.guards) do
    if not one.passed then
      list[#list + 1] = (SENTENCES[one.name] or "the guard failed"):format(one.found, one.limit)
    end
  end
  return list[1] and table.concat(list, "; ") or nil
end

--- How many developers would be others.
-- @tparam table header
-- @treturn integer
function preview.writes(header)
  return header.counts.add + header.counts.change + header.counts.remove
end

return preview
