--- Takes back the fields that an apply wrote by one request: the version of the
-- directory that was active before is made the active one again.
--
-- Seen, not documented (api.md section 4 no. 3): whatever came after that
-- version is put aside with it. So it is done only where the version that the
-- apply left is still the active one, and everything is read before and after:
-- each identity that is another's afterwards is told. What an old version does
-- to identities is not known; those that it did not restore are left to the
-- inverse plan.
-- @module sei.undo.reactivate

local attempt = require "sei.attempt"
local core = require "sei.core"
local file = require "sei.plan.file"
local gate = require "sei.gate"
local history = require "sei.apply.history"
local journal = require "sei.journal"
local lock = require "sei.lock"
local options = require "sei.options"
local remote = require "sei.apply.remote"

local reactivate = {}

-- ---- gates ----

-- The version to go back to, and the one that the apply left.
local function versions_of(past, path)
  local before, after = past.beginning and past.beginning.version, past.version_after
  if past.undone then
    gate.refuse("journal", path .. ": the apply was taken back before", "nothing was sent")
  elseif not before then
    gate.refuse("journal", path .. " does not tell the directory's version: no contributor was "
      .. "written, or the service does not tell it", "make the inverse plan instead")
  elseif not after then
    gate.refuse("journal", path .. ": the apply did not come to its end", "go on with it, or make "
      .. "the inverse plan")
  elseif before == after then
    gate.refuse("journal", path .. ": the apply made no new version of the directory",
      "make the inverse plan instead")
  end
  return before, after
end

local function check_version(given, before, path)
  if given.version == before then return end
  gate.refuse("approval", ("%s says that version %d was active before, given was %d"):format(path,
    before, given.version), "give the number that the journal has")
end

local function active_version(client)
  local schema, err = client:get_schema()
  if not schema then error(err, 0) end
  return math.tointeger(tonumber(schema.version))
end

local function check_active(client, after)
  local now = active_version(client)
  if now == after then return end
  gate.refuse("drift", ("the apply left version %d of the directory, now it is %s: somebody "
    .. "wrote to it meanwhile, which would be lost"):format(after, tostring(now)),
    "make the inverse plan")
end

-- ---- what it did ----

local function owners(client)
  local map = {}
  local rows <close> = client:download_identities()
  for row in rows do map[row.integrationId .. "/" .. row.identity] = row.email end
  return map
end

-- name → {before, after} as one list, of those that are not ours.
local function changed(was, now, ours)
  local list = core.json.array {}
  local function compare(name)
    if was[name] ~= now[name] and not ours[name] then
      list[#list + 1] = { name = name, before = was[name], after = now[name] }
    end
  end
  for name in pairs(was) do compare(name) end
  for name in pairs(now) do
    if was[name] == nil then compare(name) end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- The rows as they would be taken back, and how many of them are.
local function restored(client, past)
  local rows, ours = require "sei.undo".rows(past), {}
  local there, result = remote.read(client, rows), { restored = 0, others = core.json.array {} }
  for _, row in ipairs(rows) do
    local name = file.name(row)
    ours[name] = true
    if row.kind == "change" and there:look(row) == "after" then
      result.restored = result.restored + 1
    else
      table.insert(result.others, { name = name, kind = row.kind })
    end
  end
  return result, ours
end

-- ---- all of it ----

local function write(one, event)
  local ok, err = one:append { event }
  if not ok then error(err, 0) end
end

local function run(given)
  local one <close>, err = journal.open(given.journal)
  if not one then error(err, 0) end
  local past = history.of(one.events)
  local before, after = versions_of(past, given.journal)
  check_version(given, before, given.journal)
  require "sei.endpoint".need_key(given.client)
  gate.target(given.client, past.beginning.target, "the journal",
    "use the configuration that the plan was applied with")
  local held <close>, problem = lock.take(past.beginning.target, given.lock)
  if not held then error(problem, 0) end
  check_active(given.client, after)
  local was = owners(given.client)
  write(one, { event = "reactivate", version = before, from = after })
  local reply, why = given.client:activate_version(before)
  if reply == nil and active_version(given.client) ~= before then
    write(one, { event = "kept", version = after })
    error(why, 0)
  end
  local result, ours = restored(given.client, past)
  result.version, result.changed = before, changed(was, owners(given.client), ours)
  write(one, { event = "reactivated", version = before, restored = result.restored })
  return result
end

local KNOWN <const> = { client = "userdata", journal = "string", version = "count",
  lock = "string" }

--- Makes the version that was active before an apply the active one.
--
-- The client needs the option `undocumented`. Refused, with 0 writes, if the version is not the
-- journal's, or the directory has a newer one than the apply left.
-- @tparam table given `client`, `journal` (path), `version` (the number that the journal says was
-- active before), `lock` (folder of the lock files)
-- @treturn ?table `version`, `restored` (how many rows are as they were), `others` ({name=, kind=}
-- of the rows that are not), `changed` ({name=, before=, after=} of identities that the apply had
-- not touched and that are another's now); or nil and an error object
function reactivate.run(given)
  given = options.check("sei.undo.reactivate", given or {}, KNOWN)
  for _, name in ipairs { "client", "journal", "version" } do
    if given[name] == nil then
      error(("sei.undo.reactivate needs the option '%s'"):format(name), 2)
    end
  end
  return attempt.call(run, given)
end

return reactivate
