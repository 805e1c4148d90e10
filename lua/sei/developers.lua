--- Developer records: from HR's export to what SEI has, with a review in between.
--
--     local result = assert(sei.developers.sync { client = client, file = "hr.csv",
--       columns = { MANAGER_EMAIL = "Line Manager" },
--       review = function(preview)
--         print(sei.developers.show(preview))
--         return io.read() == "yes"
--       end })
--
-- The service takes a CSV as a version that does not count yet, answers with a preview, and makes
-- it what there is when it is mapped (the first time) or activated (api.md section 3). Here each
-- half is a function: `upload` makes the preview, a file with a digest; `activate` does exactly
-- what was approved, reads back and compares. `sync` is both with the review between them, `undo`
-- the preview that takes an activation back.
--
-- Nobody is lost in passing: developers and fields that the file does not speak of stay as they are
-- (`missing = "remove"` takes them out, within guards). Every fault of a row is told before
-- anything is sent: an error object of kind "rejected" with `rows` of {type=, line=, email=,
-- field=, value=, reason=, remedy=}, where `type` is one of the service's own (api.md section 5);
-- those that the service finds itself are brought to the same form. An error that comes later says
-- in `step` and `hint` where it stands and how to go on.
--
-- Which column is which field: equal names, names that differ in case, blanks and signs, and for
-- NAME, EMAIL and MANAGER_EMAIL well-known ones are taken; a name that is merely near is suggested
-- in the error, and said with `columns`.
-- @module sei.developers

local attempt = require "sei.attempt"
local core = require "sei.core"
local input = require "sei.developers.input"
local options = require "sei.options"
local refuse = require "sei.gate".refuse

local developers = {}

local UPLOAD <const> = { client = "userdata", preview = "string" }
for name, types in pairs(input.KEYS) do UPLOAD[name] = types end
local ACTIVATE <const> = { client = "userdata", preview = "string|table", approve = "string",
  journal = "string", lock = "string", read = '"download"|"list"', body = "callable",
  progress = "callable" }
local DEFAULTS <const> = { missing = "keep", check = true, read = "download" }

local function need(given, name, what, sentence)
  if given[name] == nil then
    error(("bad option '%s' for %s (%s expected, got nothing)"):format(name, what, sentence), 0)
  end
end

-- A preview that is given as a table is what an upload, an undo or a reading of it gave.
local function check_preview(one, what)
  if type(one) ~= "table" or type(one.header) ~= "table" or type(one.rows) ~= "table"
    or type(one.digest) ~= "string" then
    error(("bad %s (what an upload gave expected, got %s)"):format(what,
      type(one) == "table" and "another table" or type(one)), 0)
  end
end

local function check_upload(what, given, known)
  local o = input.check(what, given, known, DEFAULTS)
  need(o, "client", what, "open client")
  core.target(o.client)
  return o
end

--- Uploads a file as a version that does not count yet, and makes its preview.
--
-- Nothing that counts is changed. The preview's digest is what is approved.
-- @tparam table given `client`: whose service; `file`: path of a CSV with a header row;
-- `delimiter`: of the file (found out); `encoding`: of the file (found out); or `rows`: array or
-- iterator of tables; and `header`: names of their columns; `columns`: {field = column}, "One,Two"
-- for several that are joined, false for none, where fields are NAME, EMAIL, MANAGER_EMAIL and the
-- schema's own names; `filter`: a function that is given each row by its columns and says whether
-- it is taken; `missing`: what
-- becomes of developers and fields that are not in the file, "keep" or "remove"; `check`: false
-- leaves it to the service to find faults in rows; `read`: how developers are read, by "download"
-- (one request) or "list"; `guard`: {removals=, changes=}, how many developers at most may be
-- removed, and lose a value (10, or 5 % of those there are); `preview`: path of the preview to
-- write (none: it is only returned)
-- @treturn ?table `header`, `rows`, `digest`, `path`: see sei.developers.preview; or nil and an
-- error object
function developers.upload(given)
  local o = attempt.check(2, check_upload, "sei.developers.upload", given, UPLOAD)
  return attempt.call(require "sei.developers.upload".run, o.client, o)
end

--- Says which column of a file would become which field. Nothing is sent.
-- @tparam table given options of sei.developers.upload; `first`: true: as if nothing was mapped yet
-- @treturn ?table `list` of {field=, role=, column=, name=, how=} and `problems`: see
-- sei.developers.mapping; `faults` of the rows; or nil and an error object
function developers.map(given)
  local known = { first = "boolean" }
  for name, types in pairs(UPLOAD) do known[name] = types end
  local o = attempt.check(2, check_upload, "sei.developers.map", given, known)
  return attempt.call(require "sei.developers.upload".map, o.client, o)
end

--- Reads a preview that an upload wrote.
-- @tparam string path
-- @treturn ?table `header`, `rows`, `digest`, `path`; or nil and an error object
function developers.preview(path)
  if type(path) ~= "string" then
    error(("bad argument #1 to 'preview' (path expected, got %s)"):format(type(path)), 2)
  end
  return require "sei.developers.preview".read(path)
end

--- A preview as text, for whoever is to approve it.
-- @tparam table preview
-- @tparam ?table given `limit`: rows that are listed (20); `width` of the screen (80)
-- @treturn string lines
function developers.show(preview, given)
  attempt.check(2, check_preview, preview, "argument #1 to 'show'")
  return require "sei.developers.show".text(preview, given)
end

--- The service's errors as rows, for whoever calls `upload_developers`, `patch_developers` or
-- `map_developer_fields` of a client: each with line (of rows: their number), field, value, reason
-- and remedy.
-- @param err the error object that the call returned
-- @tparam table given what was sent: `file`, or `rows` (and `header`, if they are arrays);
-- `columns`: {field = column} for NAME, EMAIL and MANAGER_EMAIL, where the names do not tell
-- @treturn ?{table,...} {type=, line=, email=, field=, value=, reason=, remedy=}; empty if the
-- error names no developers; or nil and an error object if the file cannot be read
-- @usage local report, err = client:patch_developers(rows)
-- for _, one in ipairs(err and sei.developers.faults(err, { rows = rows }) or {}) do
--   print(one.line, one.field, one.reason, one.remedy)
-- end
function developers.faults(err, given)
  local o = attempt.check(2, function()
    local o = options.check("sei.developers.faults", given, { file = "string", rows = "table",
      header = "table", columns = "table" })
    if (o.file == nil) == (o.rows == nil) then
      error("sei.developers.faults needs either the option 'file' or 'rows'"
        .. (o.file and ", not both" or ""), 0)
    end
    input.check_columns(o.columns, "sei.developers.faults")
    return o
  end)
  return attempt.call(require "sei.developers.faults".of, err, o)
end

local function check_activate(what, given, known)
  local o = options.check(what, given, known, { read = "download" })
  need(o, "client", what, "open client")
  core.target(o.client)
  need(o, "preview", what, "path, or what an upload gave")
  if type(o.preview) == "table" then
    check_preview(o.preview, "option 'preview' for " .. what)
  end
  return o
end

--- Makes an approved version what there is, and reads back.
--
-- Refused with nothing written (an error object of kind "refused") as an apply is: `code`
-- "approval", "guard", "target", "lock", "journal" or "drift". Called again after a failure it
-- looks first and sends only what is not done.
-- @tparam table given `client`: whose service; `preview`: path, or what an upload gave; `approve`:
-- its digest; `journal`: path (the preview's with ".journal" behind it); `lock`: folder of the lock
-- files (see sei.lock); `read`: as for an upload; `body`: a function that is given the body of the
-- mapping request and the preview's header and returns the body, where the service wants another
-- one; `progress`: a function, called with {step="read"|"map"|"activate"|"verify"}
-- @treturn ?table see sei.developers.activate; or nil and an error object with `step`, `version`
-- and `hint`
function developers.activate(given)
  local o = attempt.check(2, check_activate, "sei.developers.activate", given, ACTIVATE)
  return attempt.call(require "sei.developers.activate".run, o.client, o)
end

local UNDO <const> = { client = "userdata", preview = "string", file = "string",
  version = "string|number", read = '"download"|"list"', guard = "table" }

local function check_undo(given)
  local o = check_activate("sei.developers.undo", given, UNDO)
  o.guard = options.check("the option 'guard' of sei.developers.undo", o.guard, input.LIMITS)
  return o
end

--- Makes the preview that takes an activation back; it is approved and activated as any other.
--
-- Refused if anybody changed a developer since. Without `version` the old developers are uploaded
-- as a version of their own.
-- @tparam table given `client`: whose service; `preview`: path of the one that was activated;
-- `file`: path of the preview to write (none: it is only returned); `version`: an earlier version
-- to activate again instead of an upload; `read`, `guard`: as for an upload (limits: what the
-- preview changed)
-- @treturn ?table as `upload` gives it; or nil and an error object
function developers.undo(given)
  local o = attempt.check(2, check_undo, given)
  return attempt.call(require "sei.developers.undo".run, o.client, o)
end

-- ---- all of it ----

-- The preview that an earlier call made of the very same file, if it still is to be activated.
local function made_before(o)
  local file = o.preview and io.open(o.preview, "rb")
  if not file then return nil end
  file:close()
  local one, err = developers.preview(o.preview)
  if not one then error(err, 0) end
  local data = require "sei.developers.data"
  local source = one.header.source or {}
  local same = source.digest == data.digest(data.read(o)) and one.header.missing == o.missing
  return same and not require "sei.developers.versions".is_done(o.preview, one.digest) and one
    or nil
end

-- What the reviewer says: the digest if it is a yes.
local function decided(o, preview)
  if o.approve then return o.approve end
  if options.callable(o.review) then
    local answer, why = o.review(preview)
    if answer == true or answer == preview.digest then return preview.digest end
    refuse("review", "the review did not approve the preview" .. (why and ": " .. tostring(why)
      or ""), "nothing was activated: the developers are as they were")
  end
  local file = io.open(o.review, "rb")
  local word = file and file:read "l"
  if file then file:close() end
  word = word and word:match "^%s*(%x+)"
  if word and word:lower() == preview.digest then return word end
  refuse("review", ("%s %s"):format(o.review, word and "approves another preview" or file
    and "approves nothing" or "is not there yet"),
    ("nothing was activated; to approve, write this as its first line and call again: %s")
      :format(preview.digest))
end

local function sync_one(o, one)
  local why = require "sei.developers.preview".stopped(one.header)
  if why then
    refuse("guard", "a guard stops the preview: " .. why, "nothing was activated; a guard is "
      .. "overridden by a number")
  end
  return require "sei.developers.activate".run(o.client, { preview = one, approve = decided(o, one),
    journal = o.journal, lock = o.lock, read = o.read, body = o.body, progress = o.progress })
end

local function sync(o)
  local upload = require "sei.developers.upload".run
  local one = not options.callable(o.review) and made_before(o)
  if not one then return sync_one(o, upload(o.client, o)) end
  local result, err = attempt.call(sync_one, o, one)
  if result then return result end
  -- somebody changed developers since: what was approved is no more, there is a new preview
  if err.code ~= "drift" or o.approve then error(err, 0) end
  return sync_one(o, upload(o.client, o))
end

local function check_sync(given)
  local known = { approve = "string", review = "string|callable" }
  for _, some in ipairs { ACTIVATE, UPLOAD } do
    for name, types in pairs(some) do known[name] = known[name] or types end
  end
  known.preview = "string"
  local o = check_upload("sei.developers.sync", given, known)
  if (o.review == nil) == (o.approve == nil) then
    error(("sei.developers.sync needs either the option 'review' or 'approve'%s"):format(
      o.review and ", not both" or ""), 0)
  end
  if (o.approve or not options.callable(o.review)) and not o.preview then
    error("bad option 'preview' for sei.developers.sync (path expected, got nothing; what is "
      .. "approved later must be kept)", 0)
  end
  return o
end

--- Uploads, has the preview reviewed, activates it and reads back: all in one call.
--
-- With a function as `review` it is decided at once. With a path the first call writes the preview
-- and ends with an error of kind "refused", code "review"; whoever approves writes the preview's
-- digest into that file, and the next call goes on with the same version, if the input is still the
-- same.
-- @tparam table given options of `upload` and `activate`, and `review`: a function that is given
-- the preview and returns true, or false and why not; or the path of a file whose first line is the
-- approved digest; or `approve`: the digest itself. `preview` is a path here, needed but for a
-- function
-- @treturn ?table see sei.developers.activate; or nil and an error object
function developers.sync(given)
  local o = attempt.check(2, check_sync, given)
  return attempt.call(sync, o)
end

return developers
