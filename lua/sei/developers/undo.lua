--- Takes an activation back: the developers as they were before it become a version
-- of their own, with a preview that passes the same gates.
--
-- Where the number of an earlier version is known, that one can be activated again
-- instead of an upload. The service does not say that it keeps them, so what came of it is
-- read back, and told.
-- @module sei.developers.undo

local preview = require "sei.developers.preview"
local refuse = require "sei.gate".refuse
local there = require "sei.developers.there"
local upload = require "sei.developers.upload"

local undo = {}

local function check_state(self, now)
  local digest, header = there.digest(now), self.preview.header
  if digest == header.after then return end
  if digest == header.before then
    refuse("drift", "the developers are as they were before this preview: there is nothing to take "
      .. "back", "nothing was sent")
  end
  refuse("drift", "somebody changed developers after this preview was activated, which an undo "
    .. "would lose", "nothing was sent; upload a file that says how it shall be")
end

-- Columns of the schema, and those that the old developers had besides.
local function columns_of(schema, set)
  local names, seen = {}, {}
  for i, one in ipairs(schema) do names[i], seen[one.name] = one.name, true end
  for _, name in ipairs(set.names) do
    if not seen[name] then names[#names + 1] = name end
  end
  return names
end

local function send(client, schema, set)
  local names = columns_of(schema, set)
  local report, err = client:reupload_developers { rows = there.cells(set.list, names, schema),
    header = names }
  if not report then
    err.step, err.hint = "upload", "nothing was activated: the developers are as they are"
    error(err, 0)
  end
  return upload.version_of(report.batches[1] and report.batches[1].reply)
end

local function mapping_of(schema)
  local list = {}
  for i, one in ipairs(schema) do
    list[i] = { field = one.role or one.name, role = one.role, name = one.name, how = "same" }
  end
  return list
end

--- Makes the preview that takes another one back. Raises an error object.
-- @tparam client client
-- @tparam table given checked options of sei.developers.undo
-- @treturn table of sei.developers.preview
function undo.run(client, given)
  local done, err = preview.read(given.preview)
  if not done then error(err, 0) end
  local self = { client = client, given = given }
  local out <close> = preview.open(given.file)
  upload.look(self)
  local schema, now = self.schema or {}, self.before
  check_state({ preview = done }, now)
  local back = there.changed(now, done.rows, true)
  if #back.list == 0 then
    refuse("guard", "before this preview there was no developer, and an upload cannot be empty",
      "sei.client's delete_developers takes developers away")
  end
  local version, warnings = given.version, {}
  if version then
    warnings[1] = ("version %s is activated again instead of an upload; whether it is what there "
      .. "was is seen when it is read back"):format(version)
  else
    version = send(client, schema, back)
  end
  local limits = { removals = math.max(#done.rows, 1), changes = math.max(#done.rows, 1) }
  for name, value in pairs(given.guard or {}) do limits[name] = value end
  return upload.preview { client = client, before = now, after = back, guard = limits,
    path = given.file, out = out, header = { version = tostring(version), first = false,
      warnings = warnings, undoes = done.digest, earlier = given.version and true or nil,
      missing = "remove", mapping = mapping_of(schema) } }
end

return undo
