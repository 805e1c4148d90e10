--- What is known of an upload's version: its preview, and the journal beside it.
--
-- The service has no list of these versions (api.md section 3), so what was done with each is
-- told by our own files.
-- @module sei.developers.versions

local attempt = require "sei.attempt"
local core = require "sei.core"
local journal = require "sei.journal"
local preview = require "sei.developers.preview"

local versions = {}

-- The last word of the journal: how it ended, and when it was begun.
local function past_of(path, digest)
  local file = io.open(path, "rb")
  if not file then return "uploaded" end
  file:close()
  local read, err = journal.read(path)
  if not read then error(err, 0) end
  local first, last = read.events[1], read.events[#read.events]
  if not first or first.what ~= "developers" or first.plan ~= digest then return "uploaded" end
  if last.event ~= "end" then return "unknown: activate it again", first.started end
  return last.state == "done" and "activated" or last.state, first.started
end

-- A name beside `path` that nobody has.
local function free_name(path, version, digest)
  local name = ("%s.%s"):format(path, version:gsub("[^%w-]", "_"))
  local file = io.open(name, "rb")
  if not file then return name end
  file:close()
  return name .. "-" .. digest:sub(1, 12)
end

local function rename(from, to)
  local ok, problem = os.rename(from, to)
  if not ok then
    error(core.error { kind = "io", file = from, message = ("%s: %s"):format(from, problem) }, 0)
  end
end

--- Makes room for a new preview: one that was activated, or begun to be, is put away with its
-- journal, since an undo needs it. Raises an error object if that fails.
-- @tparam string path
-- @treturn ?string where it is now; nil: there was none
function versions.put_away(path)
  local journal_path = path .. ".journal"
  local file = io.open(journal_path, "rb")
  if not file then return nil end
  file:close()
  local one = preview.read(path)
  if not one or past_of(journal_path, one.digest) == "uploaded" then return nil end
  local name = free_name(path, one.header.version, one.digest)
  rename(path, name)
  rename(journal_path, name .. ".journal")
  return name
end

--- Whether a preview was activated and all of it was found.
-- @tparam string path
-- @tparam string digest
-- @treturn boolean
function versions.is_done(path, digest)
  return past_of(path .. ".journal", digest) == "activated"
end

local function of(path)
  local one, err = preview.read(path)
  if not one then error(err, 0) end
  local header = one.header
  local state, time = past_of(path .. ".journal", one.digest)
  return { version = header.version, state = state, time = time or "", preview = path,
    rows = header.source and header.source.rows or "", add = header.counts.add,
    change = header.counts.change, remove = header.counts.remove, digest = one.digest,
    base_url = header.target.base_url, account = header.target.account }
end

--- Reads what is known.
-- @tparam string path of a preview
-- @treturn ?table `version`, `state` ("uploaded", "activated", "incomplete", "stopped" or
-- "unknown: activate it again"), `time` (UTC, of the first activation), `rows`, `add`, `change`,
-- `remove`, `preview`, `digest`, `base_url`, `account`; or nil and an error object
function versions.of(path) return attempt.call(of, path) end

return versions
