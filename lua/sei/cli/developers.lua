--- The command `sei developers`: developer records, from HR's export to what SEI has.
--
-- Each of its actions is a row of ACTIONS: options and work. They are in the words of
-- the service: upload, preview, map, activate, versions, schema.
local developers = {}

local EPILOG <const> = [[
The service takes a CSV as a version that does not count yet; it becomes what there
is when it is activated (the first one: when its columns are mapped). 'sync' does
all of it with a stop for approval in between; the other actions are its steps.

Developers and fields that FILE does not speak of stay as they are, unless
--missing remove is given. FILE may be a recipe (.lua) with the key 'developers'.

Exit status: 0 done, or nothing to do, 1 an error or a fault in FILE, 2 a preview
waits for approval, 3 refused: digest, guard, account, change meanwhile, other writer.

Examples:
  sei developers map hr.csv
  sei developers upload hr.csv -o hr.preview
  sei developers activate hr.preview --approve DIGEST
  sei developers sync hr.csv --column MANAGER_EMAIL="Line Manager"]]

-- ---- options ----

local function add_input(parser)
  parser:argument("file", "HR's export as CSV, or a recipe that names it."):argname "FILE"
  parser:option("--column", "Which column a field is: NAME, EMAIL, MANAGER_EMAIL, or one of the "
    .. "schema. Without a column: it has none. May be repeated."):argname "FIELD=COLUMN":count "*"
  parser:option("--delimiter", "What stands between two cells (default: found out).")
    :argname "CHARACTER"
  parser:option("--encoding", "Of the file (default: found out)."):argname "NAME"
  parser:option("--missing", "What becomes of developers and fields that are not in it "
    .. "(default: keep)."):choices { "keep", "remove" }
end

local function add_limits(parser)
  local whole = require "sei.cli.word".whole
  parser:option("--max-removals", "Guard: removed developers (default: 10, or 5 % of all).", nil,
    whole):argname "N"
  parser:option("--max-changes", "Guard: developers who lose a value (default: 10, or 5 %).", nil,
    whole):argname "N"
end

local function add_shown(parser)
  parser:flag("--rows", "Show all rows, however many.")
  parser:flag("--json", "One JSON object instead of text.")
end

local function add_forms(parser)
  parser:mutex(parser:flag("--table", "Columns for people."),
    parser:flag("--csv", "CSV with a header row."), parser:flag("--json", "One JSON value."),
    parser:flag("--jsonl", "A JSON object a line."))
end

local function add_read(parser)
  parser:option("--read", "How developers are read."):choices { "download", "list" }
end

local function add_activation(parser)
  parser:option("--journal", "What was sent (default: PREVIEW.journal)."):argname "FILE"
  parser:option("--lock", "The folder of lock files (default: $XDG_STATE_HOME/sei/lock).")
    :argname "FOLDER"
end

-- ---- what is given ----

local function wrong(message, hint)
  error(require "sei.core".error { kind = "encode", message = message, hint = hint }, 0)
end

local function columns_of(args)
  local columns
  for _, text in ipairs(args.column or {}) do
    local field, column = text:match "^([^=]+)=(.*)$"
    if not field then wrong(("--column: FIELD=COLUMN expected, got %q"):format(text)) end
    columns = columns or {}
    if column == "" then columns[field] = false else columns[field] = column end
  end
  return columns
end

-- What a recipe says of developers.
local function from_recipe(path)
  package.path = (path:match "^(.*/)[^/]*$" or "./") .. "?.lua;" .. package.path
  local given, err = require "sei.recipe".load(path)
  if not given then error(err, 0) end
  if given.developers then return given.developers end
  wrong(path .. ": the recipe has no key 'developers'", "it names the file: developers = "
    .. "{ file = \"hr.csv\" }")
end

-- The options of sei.developers: those of the command line replace a recipe's.
local function input_of(args, client)
  local given = { file = args.file }
  if args.file:find "%.lua$" then
    given = {}
    for name, value in pairs(from_recipe(args.file)) do given[name] = value end
  end
  for _, name in ipairs { "delimiter", "encoding", "missing", "read" } do
    given[name] = args[name] or given[name]
  end
  local declared = columns_of(args)
  if declared then
    for field, column in pairs(given.columns or {}) do
      if declared[field] == nil then declared[field] = column end
    end
    given.columns = declared
  end
  local guard = { removals = args.max_removals, changes = args.max_changes }
  for name, value in pairs(given.guard or {}) do guard[name] = guard[name] or value end
  given.guard = next(guard) and guard or nil
  local ok, problem = pcall(require "sei.developers.input".check, "sei developers", given)
  if not ok then wrong(problem) end
  given.client = client
  return given
end

-- ---- what is told ----

-- Every row of an error, a line each; the error itself is the last line.
local function tell(err, args)
  local core, check = require "sei.core", require "sei.developers.check"
  if not core.is_error(err) then error(err, 0) end
  local is_told = type(err.rows) == "table" and err.rows[1] and err.rows[1].remedy
  if args.json and is_told then
    io.write(core.json.encode({ faults = core.json.array(err.rows), hint = err.hint },
      { canonical = true }), "\n")
  elseif is_told then
    for _, one in ipairs(err.rows) do
      io.stderr:write(check.line(one, err.file or args.file), "\n")
    end
    err.message = ("%d %s"):format(#err.rows, #err.rows == 1 and "fault, see above"
      or "faults, see above")
  end
  return err
end

local function fail(err, args, session)
  if session then session.progress:close() end
  err = tell(err, args)
  local stopped = require "sei.cli.stop".status()
  io.stderr:write("sei: ", tostring(err), "\n")
  return stopped or err.kind == "refused" and 3 or 1
end

local function width() return require "sei.terminal".of(io.stdout):width() end

local function print_preview(one, args)
  if one.put_away then
    io.stderr:write("sei: the earlier preview, which was activated, is now ", one.put_away, "\n")
  end
  local options = { rows = args.rows, kind = args.kind, width = width() }
  io.write(args.json and require "sei.show".json(one, options)
    or require "sei.developers.show".text(one, options))
end

local function status_of(one)
  local preview = require "sei.developers.preview"
  if preview.stopped(one.header) then return 3 end
  return (one.header.first or preview.writes(one.header) > 0) and 2 or 0
end

-- Records in one of the forms of `sei get`.
local function print_records(records, fields, args)
  local output, screen = require "sei.cli.output", require "sei.terminal".of(io.stdout)
  local form = args.csv and "csv" or args.json and "json" or args.jsonl and "jsonl"
    or args.table and "table" or screen.is_terminal and "table" or "csv"
  local place = output.place(nil)
  local writer = output.form(form, place, (form == "csv" or form == "table") and fields or nil,
    { width = screen.is_terminal and screen:width() or nil })
  for _, record in ipairs(records) do writer.row(record) end
  writer.finish()
  place.commit()
end

local function open(args, options) return require "sei.cli.client".open(args, options) end

local LABELS <const> = { read = "reading again", map = "mapping", activate = "activating",
  verify = "reading back" }

-- A request that writes is waited for, whatever the hurry.
local function shown(session)
  return function(facts)
    session.patient = facts.step == "map" or facts.step == "activate"
    session.progress:begin(LABELS[facts.step])
  end
end

local function print_result(result, args)
  if args.json then
    io.write(require "sei.core".json.encode(result, { canonical = true }), "\n")
  else
    io.write(tostring(result), "\n")
  end
  return result.state == "done" and 0 or 1
end

-- ---- the actions ----

local actions = {}

actions.schema = { "Print the fields that developers have.", function(parser)
  add_forms(parser)
end, function(args)
  local session <close> = open(args)
  local schema = require "sei.developers.there".schema(session.client)
  session.progress:close()
  if not schema then
    io.stderr:write("sei: no developers were uploaded yet: there is no schema\n")
    return 1
  end
  for _, one in ipairs(schema) do one.role = one.role or "CUSTOM" end
  print_records(schema, { "name", "role" }, args)
end }

actions.map = { "Say which column would become which field. Nothing is sent.", function(parser)
  add_input(parser)
  parser:flag("--first", "As if nothing had been uploaded before.")
  add_forms(parser)
end, function(args)
  local session <close> = open(args)
  local given = input_of(args, session.client)
  given.first, given.guard, given.preview = args.first, nil, nil
  local made, err = require "sei".developers.map(given)
  session.progress:close()
  if not made then return fail(err, args) end
  local check, records = require "sei.developers.check", {}
  for i, one in ipairs(made.list) do
    records[i] = { column = one.column, field = one.name, role = one.role, how = one.how }
  end
  print_records(records, { "column", "field", "role", "how" }, args)
  for _, list in ipairs { made.problems, made.faults } do
    for _, one in ipairs(list) do
      io.stderr:write(check.line(one, given.file or args.file), "\n")
    end
  end
  return #made.problems + #made.faults > 0 and 1 or 0
end }

actions.upload = { "Send a file as a version that does not count yet, and make its preview.",
  function(parser)
    add_input(parser)
    parser:option("-o --output", "The preview to write (default: FILE.preview).")
      :argname "PREVIEW"
    add_read(parser)
    add_limits(parser)
    add_shown(parser)
  end, function(args)
    local session <close> = open(args)
    local given = input_of(args, session.client)
    given.preview = args.output or args.file .. ".preview"
    local one, err = require "sei".developers.upload(given)
    if not one then return fail(err, args, session) end
    session.progress:close()
    print_preview(one, args)
    return status_of(one)
  end }

-- A record for each value that differs.
local function values_of(one, kind)
  local list = {}
  for _, row in ipairs(one.rows) do
    local names = {}
    for name in pairs(row.after or row.before) do names[#names + 1] = name end
    require "sei.plan.file".sort(names)
    if kind ~= nil and kind ~= row.kind then names = {} end
    for _, name in ipairs(names) do
      list[#list + 1] = { kind = row.kind, email = row.email, line = row.line,
        field = name:gsub("^fields%.", ""), before = row.before and row.before[name],
        after = row.after and row.after[name] }
    end
  end
  return list
end

actions.preview = { "Show a preview. The service is not asked.", function(parser)
  parser:argument("preview", "A file that 'sei developers upload' wrote."):argname "PREVIEW"
  parser:option("--kind", "Only these rows."):choices { "add", "change", "remove" }
  parser:flag("--rows", "Show all rows, however many.")
  parser:mutex(parser:flag("--json", "One JSON object instead of text."),
    parser:flag("--csv", "A row of CSV for each value that differs."),
    parser:flag("--jsonl", "A JSON object for each value that differs."))
end, function(args)
  local one, err = require "sei".developers.preview(args.preview)
  if not one then error(err, 0) end
  if not (args.csv or args.jsonl) then return print_preview(one, args) end
  print_records(values_of(one, args.kind), { "kind", "email", "line", "field", "before", "after" },
    args)
end, is_local = true }

actions.activate = { "Make an approved version what there is, and read back.", function(parser)
  parser:argument("preview", "A file that 'sei developers upload' wrote."):argname "PREVIEW"
  parser:option("--approve", "The digest of the preview that somebody looked at.")
    :argname "DIGEST":count(1)
  add_activation(parser)
  add_read(parser)
  parser:flag("--json", "One JSON object instead of text.")
end, function(args)
  local session <close> = open(args)
  local result, err = require "sei".developers.activate { client = session.client,
    preview = args.preview, approve = args.approve, journal = args.journal, lock = args.lock,
    read = args.read, progress = shown(session) }
  if not result then return fail(err, args, session) end
  session.progress:close()
  return print_result(result, args)
end }

-- Whoever sits before a terminal decides at once.
local function ask(session, one)
  session.progress:close()
  io.stdout:write(("Activate version %s? Type yes: "):format(one.header.version))
  io.stdout:flush()
  return io.read "l" == "yes"
end

local function reviewed(session, args, path)
  local given = input_of(args, session.client)
  given.preview = path
  local one, err = require "sei".developers.upload(given)
  if not one then return nil, fail(err, args, session) end
  session.progress:close()
  print_preview(one, args)
  local status = status_of(one)
  if status ~= 2 then return nil, status end
  local terminal = require "sei.terminal"
  if terminal.of(io.stdin).is_terminal and terminal.of(io.stdout).is_terminal then
    if ask(session, one) then return one end
    io.stderr:write "sei: nothing was activated\n"
  else
    io.stderr:write(("sei: to activate it: sei developers sync %s%s --approve %s\n"):format(
      args.file, args.output and " -o " .. args.output or "", one.digest))
  end
  return nil, 2
end

actions.sync = { "Upload, show the preview, wait for approval, activate and read back.",
  function(parser)
    add_input(parser)
    parser:option("-o --output", "The preview to write (default: FILE.preview).")
      :argname "PREVIEW"
    parser:option("--approve", "The digest of the preview that an earlier call showed.")
      :argname "DIGEST"
    add_activation(parser)
    add_read(parser)
    add_limits(parser)
    add_shown(parser)
  end, function(args)
    local session <close> = open(args)
    local path = args.output or args.file .. ".preview"
    local sei = require "sei"
    local result, err
    if args.approve then
      local given = input_of(args, session.client)
      given.preview, given.approve, given.journal, given.lock = path, args.approve, args.journal,
        args.lock
      given.progress = shown(session)
      result, err = sei.developers.sync(given)
    else
      local one, status = reviewed(session, args, path)
      if not one then return status end
      result, err = sei.developers.activate { client = session.client, preview = path,
        approve = one.digest, journal = args.journal, lock = args.lock, read = args.read,
        progress = shown(session) }
    end
    if not result then return fail(err, args, session) end
    session.progress:close()
    return print_result(result, args)
  end }

actions.undo = { "Make the preview that takes an activation back.", function(parser)
  parser:argument("preview", "The preview that was activated."):argname "PREVIEW"
  parser:option("-o --output", "The preview to write (default: PREVIEW.undo).")
    :argname "FILE"
  parser:option("--version", "Activates this earlier version again instead of an upload.")
    :argname "VERSION"
  add_read(parser)
  add_limits(parser)
  add_shown(parser)
end, function(args)
  local session <close> = open(args)
  local one, err = require "sei".developers.undo { client = session.client,
    preview = args.preview, file = args.output or args.preview .. ".undo", read = args.read,
    version = args.version,
    guard = { removals = args.max_removals, changes = args.max_changes } }
  if not one then return fail(err, args, session) end
  session.progress:close()
  print_preview(one, args)
  return status_of(one)
end }

actions.versions = { "List versions by their previews: the service has no list of them.",
  function(parser)
    parser:argument("preview", "Files that 'sei developers upload' wrote."):argname "PREVIEW"
      :args "+"
    add_forms(parser)
  end, function(args)
    local records = {}
    for i, path in ipairs(args.preview) do
      local one, err = require "sei.developers.versions".of(path)
      if not one then error(err, 0) end
      records[i] = one
    end
    print_records(records, { "version", "state", "time", "rows", "add", "change", "remove",
      "preview" }, args)
  end, is_local = true }

local ORDER <const> = { "sync", "map", "upload", "preview", "activate", "undo", "versions",
  "schema" }

--- Adds the options to a command of lua-argparse: a command of its own for each action.
function developers.configure(parser)
  parser:description "Developer records: upload, review, activate, take back."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:command_target "action"
  parser:require_command(true)
  for _, name in ipairs(ORDER) do
    local row = actions[name]
    local command = parser:command(name, row[1]):summary(row[1])
    command:usage_max_width(100)
    command:help_max_width(100)
    row[2](command)
    if not row.is_local then require "sei.cli.client".configure(command) end
  end
  parser:epilog(EPILOG)
end

--- Does the action.
-- @tparam table args what lua-argparse read
-- @treturn ?integer exit status
function developers.run(args) return actions[args.action][3](args) end

return developers
