--- What is known of an upload's version: its preview, and the journal beside it.
--
-- The service has no list of these versions (api.md section 3), so what was done with each is
-- told by our own files.
-- @module sei.developers.versions

local attempt = require "sei.attempt"
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
