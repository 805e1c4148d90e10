--- The command `sei upload`: a CSV goes to the service, and every row's fate is
-- told.
local upload = {}

local EPILOG <const> = [[
Columns of FILE (others may be there, but not for developers, whose columns are
your own and must be mapped once in the service):
  identities  email, integrationId, identity
  cloud-ids   email, applicationType, cloudId
  developers  yours, with a header row

The file is read before anything is sent. With a bad row nothing is sent, unless
--skip-bad leaves such rows out. Rows that the service refuses are found by
sending halves, and the others go through. 'sei plan' says before a write what
it would change, and so does 'sei developers' of developers; this does not.

Exit status: 0 every row was accepted (with --verify: and found), 1 otherwise.

Examples:
  sei upload identities mapping.csv --dry-run
  sei upload identities mapping.csv --verify]]

local WHAT <const> = { identities = "upload_identities", ["cloud-ids"] = "upload_cloud_ids",
  developers = "upload_developers" }
local NAMES <const> = { "identities", "cloud-ids", "developers" }
local SHOWN <const> = 20      -- faults of a kind that are told

--- Adds the options to a command of lua-argparse.
function upload.configure(parser)
  parser:description "Sends a CSV as it is; says what became of every row."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  require "sei.cli.word".argument(parser, "what", NAMES)
  parser:argument("file", "The CSV."):argname "FILE"
  parser:flag("--dry-run", "Only checks the file: columns, bad rows, rows that occur twice. "
    .. "Nothing is asked of the service.")
  parser:flag("--skip-bad", "Sends the other rows when some are bad.")
  parser:flag("--verify", "Reads back what was accepted.")
  parser:flag("--repair", "Reads back, and sends what is missing once more.")
  parser:flag("--replace", "Developers: uploads again what was uploaded before (PUT).")
  parser:flag("--activate", "Developers: makes the uploaded version the active one.")
  require "sei.cli.client".configure(parser)
  parser:epilog(EPILOG)
end

local function wrong(message, hint)
  error(require "sei.core".error { kind = "encode", message = message, hint = hint }, 0)
end

local function check_flags(args)
  local is_developers = args.what == "developers"
  for _, name in ipairs { "replace", "activate" } do
    if args[name] and not is_developers then wrong(("--%s is for developers"):format(name)) end
  end
  for _, name in ipairs { "verify", "repair", "skip_bad" } do
    if args[name] and is_developers then
      wrong(("--%s: developers are uploaded whole, as a preview, until they are activated")
        :format(name:gsub("_", "-")))
    end
  end
end

-- ---- the file ----

-- Rows that say something about the same account: where the first one is.
local function see_twice(found, seen, row, line, endpoint)
  local verify, email = require "sei.verify", (row.email or ""):lower()
  for _, key in ipairs(verify.keys(endpoint, row)) do
    local before = seen[key]
    if not before then
      seen[key] = { line = line, email = email }
    elseif before.email == email then
      found.twice[#found.twice + 1] = { line = line, first = before.line }
    else
      found.against[#found.against + 1] = { line = line, first = before.line,
        text = ("%s, but line %d says %s"):format(email, before.line, before.email) }
    end
  end
end

-- Reads all of it: what is wrong with which line.
local function look(path, endpoint, columns)
  local core, verify = require "sei.core", require "sei.verify"
  local found = { rows = 0, bad = {}, twice = {}, against = {} }
  local rules = core.rows(endpoint, math.maxinteger, 8 * 1024 * 1024, columns or { "any" })
  local seen = verify.can(endpoint) and {} or nil
  for row, line in core.csv.read { file = path, columns = columns } do
    found.rows = found.rows + 1
    local ok, reason, field, value = core.rows_check(rules, row)
    if not ok then
      found.bad[#found.bad + 1] = { line = line, field = field, value = value, reason = reason }
    elseif seen then
      see_twice(found, seen, row, line, endpoint)
    end
  end
  if found.rows == 0 then wrong(path .. ": the file has no rows to send") end
  return found
end

local function lines_of(out, path, list, words)
  for i, one in ipairs(list) do
    if i > SHOWN then
      out[#out + 1] = ("%s: and %d more lines like that"):format(path, #list - SHOWN)
      break
    end
    out[#out + 1] = ("%s:%d: %s"):format(path, one.line, words(one))
  end
end

local function shown(value)
  if value == nil or value == "" then return "" end
  local text = require "sei.report".cell(value)
  return (" (%q)"):format(#text > 60 and text:sub(1, 57) .. "..." or text)
end

local function tell(path, found)
  local out = {}
  lines_of(out, path, found.bad, function(one)
    return (one.field ~= "" and one.field .. " " or "") .. one.reason .. shown(one.value)
  end)
  lines_of(out, path, found.against, function(one) return "contradiction: " .. one.text end)
  lines_of(out, path, found.twice, function(one)
    return ("the same as line %d"):format(one.first)
  end)
  return out
end

local function counted(n, one, many) return ("%d %s"):format(n, n == 1 and one or many) end

local function summary(path, found)
  local parts = { counted(found.rows, "row", "rows"), #found.bad .. " bad",
    counted(#found.against, "contradiction", "contradictions"), #found.twice .. " twice" }
  return ("%s: %s"):format(path, table.concat(parts, ", "))
end

local function dry_run(args, found)
  for _, line in ipairs(tell(args.file, found)) do print(line) end
  print(summary(args.file, found))
  return #found.bad + #found.against > 0 and 1 or 0
end

-- Raises unless the file may go.
local function permit(args, found)
  local is_bad = #found.bad > 0 and not args.skip_bad
  if not is_bad and #found.against == 0 then return end
  for _, line in ipairs(tell(args.file, found)) do io.stderr:write(line, "\n") end
  wrong(summary(args.file, found) .. "; nothing was sent", is_bad
    and "mend the file, or send the other rows with --skip-bad"
    or "say of each account once whose it is")
end

-- ---- sending ----

local function endpoint_of(args)
  return args.replace and "reupload_developers" or WHAT[args.what]
end

local function send(session, args, endpoint, columns)
  local options = { verify = args.verify, repair = args.repair }
  if columns then
    options.rows = require "sei.core".csv.read { file = args.file, columns = columns }
  else
    options.file = args.file
  end
  return session.client[endpoint](session.client, options)
end

-- An upload of developers is a preview: what is next.
local function go_on(session, args, report)
  local batch = report.batches[1]
  local version = require "sei.developers.upload".version_of(batch and batch.reply)
  print(("The upload is version %s, a preview."):format(version))
  if args.activate then
    local ok, err = session.client:activate_developers(version)
    if not ok then error(err, 0) end
    print(("Version %s is active."):format(version))
  else
    print "It counts when its columns are mapped (the first time) and it is activated: --activate."
  end
end

local function is_whole(report, args)
  if report.accepted < report.rows then return false end
  return not (args.verify or args.repair) or #(report.missing or {}) == 0
end

-- Errors about developers by the lines of the file.
local function tell_developers(err, args)
  local check = require "sei.developers.check"
  if not check.is_told(err) then return end
  local ok, list = pcall(require "sei.developers.faults".of, err, { file = args.file })
  for _, one in ipairs(ok and list or {}) do
    io.stderr:write(check.line(one, args.file), "\n")
  end
end

local function fail(err, session, args)
  session.progress:close()
  if args.what == "developers" then tell_developers(err, args) end
  if err.report then io.stderr:write(tostring(err.report), "\n") end
  if err.kind == "cancelled" then
    err.hint = "run it again: a row that is there already changes nothing"
  end
  error(err, 0)
end

--- Checks the file and sends it.
-- @tparam table args what lua-argparse read
-- @treturn integer exit status
function upload.run(args)
  check_flags(args)
  local endpoint, session = endpoint_of(args), nil
  if not args.dry_run then session = require "sei.cli.client".open(args) end
  local _ <close> = session
  local columns = session and require "sei.core".csv_header(session.client, endpoint)
    or require "sei.cli.client".columns(args, endpoint)
  local found = look(args.file, endpoint, columns)
  if args.dry_run then return dry_run(args, found) end
  permit(args, found)
  local report, err = send(session, args, endpoint, columns)
  if not report then fail(err, session, args) end
  session.progress:close()
  print(report)
  if args.what == "developers" then go_on(session, args, report) end
  return is_whole(report, args) and 0 or 1
end

return upload
