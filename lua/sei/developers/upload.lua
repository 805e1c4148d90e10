--- The first half of the flow: a file becomes a version that does not count yet, and a
-- preview of what would be another.
--
-- An upload changes no developer (api.md section 3: it returns a preview with a
-- `versionId`). What replaces what there is comes later, see sei.developers.activate.
-- @module sei.developers.upload

local check = require "sei.developers.check"
local core = require "sei.core"
local data = require "sei.developers.data"
local mapping = require "sei.developers.mapping"
local preview = require "sei.developers.preview"
local there = require "sei.developers.there"

local upload = {}

local UNTOUCHED <const> = "nothing was activated: the developers are as they were"

-- ---- the rows that are sent ----

-- What the file does not speak of stays: people, and fields.
local function keep_others(self, made, list)
  if self.missing ~= "keep" then return 0 end
  local mentioned, kept, known = {}, 0, {}
  for _, entry in ipairs(made.list) do known[entry.name] = entry.how ~= "kept" end
  for _, one in ipairs(list) do
    mentioned[one.email] = true
    local was = self.before.by_email[one.email]
    for name, value in pairs(was and was.fields or {}) do
      if not known[name] then one.fields[name] = value end
    end
  end
  for _, was in ipairs(self.before.list) do
    if not mentioned[was.email] then
      list[#list + 1] = was
      kept = kept + 1
    end
  end
  return kept
end

-- Names of the columns that are sent: fields that only others have come last.
local function header_of(self, made)
  local names, seen = {}, {}
  for i, entry in ipairs(made.list) do
    names[i], seen[entry.name] = entry.name, true
  end
  for _, name in ipairs(self.missing == "keep" and self.before.names or {}) do
    if not seen[name] then names[#names + 1] = name end
  end
  return names
end

-- ---- what goes to the service ----

-- People know the columns of their file, not what these are uploaded as.
local function as_in_file(found, made)
  local column = {}
  for _, entry in ipairs(made.list) do column[entry.name] = entry.column end
  for _, one in ipairs(found) do
    if one.line then one.field = column[one.field] or one.field end
  end
  return found
end

local function fail(self, err, made, rows)
  if not check.is_told(err) then
    err.step, err.hint = "upload", err.hint or UNTOUCHED
    error(err, 0)
  end
  local told = as_in_file(check.explain(err.rows, rows, mapping.roles(made)), made)
  local refused = check.error(told, { name = self.data.name, file = self.given.file, sent = true,
    hint = UNTOUCHED, status = err.status })
  refused.step, refused.errors, refused.request_id = "upload", err.rows, err.request_id
  error(refused, 0)
end

--- The version that the answer to an upload names. Raises an error object if there is none.
-- @param reply
-- @treturn string
function upload.version_of(reply)
  if type(reply) ~= "table" then reply = {} end
  local version = reply.versionId or type(reply.data) == "table" and reply.data.versionId
  if type(version) == "string" or math.type(version) == "integer" then return tostring(version) end
  error(core.error { kind = "protocol", step = "upload", class = "unknown",
    message = "the upload was taken, but the service named no versionId", hint = UNTOUCHED }, 0)
end

-- Also a yes may name errors in its preview.
local function check_reply(self, reply, made, rows)
  local errors = type(reply) == "table" and type(reply.errors) == "table" and reply.errors or {}
  if #errors > 0 then fail(self, { rows = errors, status = 200 }, made, rows) end
  return upload.version_of(reply)
end

-- Sends one form of the rows; nil: the service has no mapping yet (412).
local function send(self, endpoint, made)
  local list = there.of_rows(self.data, made)
  local kept = keep_others(self, made, list)
  if self.given.check ~= false then
    local found = as_in_file(check.rows(list, mapping.roles(made)), made)
    if found[1] then
      error(check.error(found, { name = self.data.name, file = self.given.file,
        hint = "nothing was sent" }), 0)
    end
  end
  local names = header_of(self, made)
  local report, err = self.client[endpoint](self.client,
    { rows = there.cells(list, names, made.list), header = names })
  if not report and err.status == 412 and endpoint == "reupload_developers" then return nil end
  if not report then fail(self, err, made, list) end
  local batch = report.batches[1]
  return { version = check_reply(self, batch and batch.reply, made, list), made = made,
    after = there.set(list), list = list, kept = kept, names = names }
end

-- ---- mapping ----

local function refuse_mapping(self, made)
  error(check.error(made.problems, { name = self.data.name, file = self.given.file,
    hint = "nothing was sent; 'sei developers map' shows which column is which field" }), 0)
end

local function make(self, schema)
  return mapping.make { columns = self.data.columns, schema = schema, missing = self.missing,
    declared = self.given.columns }
end

-- Only the service knows whether anything was mapped before: a re-upload is refused with 412 then
-- (api.md section 3), and changes nothing.
local function send_either(self)
  local again, sent = self.schema and make(self, self.schema), nil
  local first = make(self, nil)
  if again and #again.problems == 0 then sent = send(self, "reupload_developers", again) end
  if sent then return sent end
  -- the schema that is told before anything was mapped is the service's own idea
  if again and #again.problems > 0 and self:is_mapped() then refuse_mapping(self, again) end
  if #first.problems > 0 then refuse_mapping(self, first) end
  return send(self, "upload_developers", first)
end

-- Asks with a re-upload of what there is, one developer of it, which changes nothing either: it
-- answers 412 where nothing was mapped.
local function is_mapped(self)
  local one = self.before.list[1]
  if not one then return false end
  local alone, names = there.developer(one.email, one.name, nil, one.fields), {}
  for i, field in ipairs(self.schema) do names[i] = field.name end
  local report, err = self.client:reupload_developers {
    rows = there.cells({ alone }, names, self.schema), header = names }
  return report ~= nil or err.status ~= 412
end

-- ---- the preview ----

local function warnings_of(self, sent)
  local list, how = {}, {}
  for _, entry in ipairs(sent.made.list) do
    how[entry.how] = how[entry.how] or {}
    table.insert(how[entry.how], entry.name)
  end
  local function warn(names, format)
    if names then list[#list + 1] = format:format(table.concat(names, ", ")) end
  end
  warn(how.new, "new fields: %s; the service may want them to be set up")
  warn(how.kept, "not in the file, values stay as they are: %s")
  warn(how.lost, "not in the file, values are lost: %s")
  local beside = table.move(sent.names, #sent.made.list + 1, #sent.names, 1, {})
  warn(beside[1] and beside, "fields that only developers beside the file have: %s")
  warn(how.empty, "without a column, everybody's is empty: %s")
  if sent.kept > 0 then
    list[#list + 1] = ("kept, though not in the file: %d %s (missing = \"remove\" takes them out)")
      :format(sent.kept, sent.kept == 1 and "developer" or "developers")
  end
  if self.before.nameless > 0 then
    list[#list + 1] = ("%d developers of the service have no address; they are not kept")
      :format(self.before.nameless)
  end
  if self.data.blank > 0 then
    list[#list + 1] = ("%d rows of the file have nothing in them"):format(self.data.blank)
  end
  if self.data.left_out > 0 then
    list[#list + 1] = ("%d rows of the file are left out by the filter"):format(self.data.left_out)
  end
  return list
end

local function add_lines(rows, list)
  local line = {}
  for _, one in ipairs(list) do line[one.email] = one.line end
  for _, row in ipairs(rows) do row.line = line[row.email] end
end

--- The preview's header and rows of two sets, written.
-- @tparam table facts `client`, `before`, `after` (sets of sei.developers.there), `guard`, `header`
-- (what else it holds), `list` (developers with lines), `path`, `out` (of preview.open)
-- @treturn table of sei.developers.preview; `put_away`: where an earlier one is now that was
-- activated under the same path
function upload.preview(facts)
  local rows, same = there.compare(facts.before, facts.after)
  add_lines(rows, facts.list or {})
  local header = facts.header
  header.target = core.target(facts.client)
  header.before, header.after = there.digest(facts.before), there.digest(facts.after)
  header.counts, header.guards = preview.judge(rows, same, #facts.before.list, facts.guard or {})
  local put_away = facts.path and require "sei.developers.versions".put_away(facts.path)
  local one = preview.write(facts.out, facts.path, header, rows)
  one.put_away = put_away
  return one
end

--- Reads what the service has, before anything is sent. Raises an error object that says so.
-- @tparam table self `client`, `given`; it gets `schema` and `before`
function upload.look(self)
  local ok, err = pcall(function()
    self.schema = there.schema(self.client)
    self.before = there.read(self.client, self.schema, self.given.read)
  end)
  if ok then return end
  if core.is_error(err) then
    err.step, err.hint = "read", err.hint and err.hint .. "; nothing was sent" or "nothing was sent"
  end
  error(err, 0)
end

--- Uploads a file and makes the preview. Raises an error object; what it has in `rows` names
-- line, field, value, reason and remedy.
-- @tparam client client
-- @tparam table given checked options of sei.developers.upload
-- @treturn table of sei.developers.preview
function upload.run(client, given)
  local self = { client = client, given = given, missing = given.missing, is_mapped = is_mapped,
    data = data.read(given) }
  local out <close> = preview.open(given.preview)
  upload.look(self)
  local sent = send_either(self)
  return upload.preview { client = client, before = self.before, after = sent.after,
    guard = given.guard, list = sent.list, path = given.preview, out = out, header = {
      version = sent.version, first = sent.made.first, missing = given.missing,
      mapping = sent.made.list, warnings = warnings_of(self, sent),
      source = { digest = data.digest(self.data), rows = #self.data.rows, name = self.data.name },
    } }
end

--- Which column would become which field. Nothing is sent; the service is asked for its schema.
-- @tparam client client
-- @tparam table given checked options of sei.developers.upload
-- @treturn table of sei.developers.mapping: `list`, `problems`; and `faults`, of
-- sei.developers.check
function upload.map(client, given)
  local self = { given = given, missing = given.missing, data = data.read(given) }
  self.schema = not given.first and there.schema(client) or nil
  local made = make(self, self.schema)
  made.faults = {}
  if #made.problems == 0 then
    self.before = there.set {}
    made.faults = as_in_file(check.rows(there.of_rows(self.data, made), mapping.roles(made)), made)
  end
  return made
end

return upload
