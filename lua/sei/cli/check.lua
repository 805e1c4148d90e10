--- The command `sei check`: whether the service can be worked with, and how it
-- behaves. It only reads.
local check = {}

local EPILOG <const> = [[
Looks at the settings and where each came from, reads a little of everything,
compares the clocks and says which of the behaviours of the API's description
(section 4) this service shows. About 25 requests; none of them writes. Of this
machine it tells versions, limits, and what would block an event loop; --host
tells only that (within a host: require "sei.host".look()).

Exit status: 0 everything can be read, 1 something cannot; with --host 1 where
something of this machine does not work, or blocks.

Examples:
  sei check
  sei check --settings
  sei check --host --json
  SEI_REGION=eu sei check --api-key-file ~/.sei-key --json]]

--- Adds the options to a command of lua-argparse.
function check.configure(parser)
  parser:description "Says whether the service can be worked with. Nothing is written."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:flag("--settings", "Only lists all settings: value, where it came from, its name in the "
    .. "environment. Nobody is asked.")
  parser:flag("--host", "Only looks at this machine. Nobody is asked.")
  parser:flag("--deep", "Also what needs whole lists to be read.")
  parser:flag("--json", "One JSON object instead of text.")
  require "sei.cli.client".configure(parser)
  parser:epilog(EPILOG)
end

-- ---- settings ----

local function listed(settings, all)
  local rows = {}
  for _, row in ipairs(settings:rows()) do
    if all or row.origin ~= "default" then rows[#rows + 1] = row end
  end
  return rows
end

-- Variables of our name that mean no setting, nearest first. Linux says what the
-- environment is; elsewhere nothing is found.
local function strangers()
  local config, core = require "sei.config", require "sei.core"
  local file = io.open("/proc/self/environ", "rb")
  if not file then return {} end
  local text = file:read "a" or ""
  file:close()
  local names, known, list = { "SEI_CONFIG" }, { SEI_CONFIG = true }, {}
  for _, row in ipairs(config.settings()) do
    names[#names + 1] = config.variable(row.name)
    known[names[#names]] = true
  end
  for name in text:gmatch "%f[^\0\1](SEI_[%w_]+)=" do
    local near = not known[name] and core.nearest(name, names)
    if near then list[#list + 1] = ("%s is no setting; did you mean %s?"):format(name, near) end
  end
  return list
end

local function settings_text(rows, with_names)
  local config, report = require "sei.config", require "sei.report"
  local cells = {}
  for i, row in ipairs(rows) do
    cells[i] = { row.name, row.value, row.origin,
      with_names and config.variable(row.name) or nil }
  end
  local columns = { "setting", "value", "from", with_names and "in the environment" or nil }
  return report.table(columns, cells)
end

-- ---- text ----

local COLOURS <const> = { ok = "green", no = "red", ["--"] = "yellow" }

local function mark(screen, level, width)
  local text = level .. (" "):rep(width - #level)
  return COLOURS[level] and screen:paint(COLOURS[level], text) or text
end

local function lines(out, title, rows, line)
  out[#out + 1] = "\n" .. title .. "\n"
  for _, row in ipairs(rows) do out[#out + 1] = (line(row):gsub(" +$", "")) .. "\n" end
end

local function add_host(out, list, screen)
  lines(out, "This machine", list, function(row)
    return ("  %s  %-13s %s"):format(mark(screen, row[1], 2), row[2],
      require "sei.report".cell(row[3]))
  end)
end

local function text_of(found, screen)
  local out = { settings_text(found.settings) }
  for _, line in ipairs(found.strangers) do out[#out + 1] = "note: " .. line .. "\n" end
  add_host(out, found.host, screen)
  lines(out, "Access", found.access, function(row)
    return ("  %s  %-22s %s"):format(mark(screen, row[1], 2), row[2], row[3])
  end)
  if #found.behaviours > 0 then
    lines(out, "How this service behaves", found.behaviours, function(row)
      return ("  %2d  %-3s  %-55s %s"):format(row[1], row[2], row[3], row[4])
    end)
    lines(out, "Where the description leaves it open", found.open, function(row)
      return ("  %-22s %s"):format(row[1], row[2])
    end)
  end
  out[#out + 1] = "\n" .. (found.ok and "Everything can be read. Whether this key may write "
    .. "was not tried.\n" or "Something cannot be read, see above.\n")
  return table.concat(out)
end

-- Rows as objects.
local function named(rows, ...)
  local names, list = { ... }, require "sei.core".json.array {}
  for i, row in ipairs(rows) do
    list[i] = {}
    for k, name in ipairs(names) do list[i][name] = row[k] end
  end
  return list
end

local function json_of(found)
  local core = require "sei.core"
  return core.json.encode({ ok = found.ok, settings = core.json.array(found.settings),
    notes = core.json.array(found.strangers), access = named(found.access, "state", "name", "text"),
    host = named(found.host, "state", "name", "text"),
    behaviours = named(found.behaviours, "number", "shown", "name", "text"),
    open_points = named(found.open, "name", "found") }, { canonical = true }) .. "\n"
end

-- ---- the command ----

local function is_fine(access)
  for _, row in ipairs(access) do
    if row[1] == "no" and row[2] ~= "clock" then return false end
  end
  return true
end

local function look_at_host(settings)
  return require "sei.host".look { load = true, ca_file = settings:client_options().ca_file }
end

-- No key and no address is needed: a host is looked at before there are any.
local function host_only(settings, args)
  local screen, list, bad = require "sei.terminal".of(io.stdout), look_at_host(settings), false
  for _, row in ipairs(list) do bad = bad or row[1] == "no" end
  if args.json then
    io.write(require "sei.core".json.encode({ ok = not bad, host = named(list, "state", "name",
      "text") }, { canonical = true }), "\n")
  else
    local out = {}
    add_host(out, list, screen)
    io.write((table.concat(out):gsub("^\n", "")))
  end
  return bad and 1 or 0
end

local function look(session, args)
  local probe = require "sei.cli.probe"
  local found = { settings = listed(session.settings), strangers = strangers(), behaviours = {},
    open = {}, host = look_at_host(session.settings) }
  local reached
  found.access, reached = probe.access(session)
  found.ok = is_fine(found.access)
  if reached then
    found.access[#found.access + 1] = probe.clock(session.seen.date)
    found.behaviours = probe.behaviours(session, args.deep)
    found.open = probe.open_points(session)
  end
  return found
end

--- Looks and prints.
-- @tparam table args what lua-argparse read
-- @treturn integer exit status
function check.run(args)
  local client = require "sei.cli.client"
  if args.settings then
    io.write(settings_text(listed(client.settings(args), true), true))
    return 0
  end
  if args.host then return host_only(client.settings(args), args) end
  local seen
  local session <close> = client.open(args, { change = function(options)
    seen = require "sei.cli.probe".hooks(options)
  end })
  session.seen = seen
  local found = look(session, args)
  session.progress:close()
  io.write(args.json and json_of(found) or text_of(found, require "sei.terminal".of(io.stdout)))
  return found.ok and 0 or 1
end

return check
