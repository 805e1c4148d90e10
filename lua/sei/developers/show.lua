--- A preview of developers as text, for whoever is to approve it.
-- @module sei.developers.show

local preview = require "sei.developers.preview"
local report = require "sei.report"

local show = {}

local LIMIT <const>, WIDTH <const>, NARROW <const> = 20, 80, 24
local cell <const> = report.cell

local HOW <const> = {
  declared = "as declared", same = "same name", spelling = "by its name", known = "well-known name",
  own = "of its own", new = "new", kept = "not in the file: stays", lost = "not in the file: lost",
  empty = "no column: empty",
}

--- Which column is which field, as a table.
-- @tparam {table,...} list of sei.developers.mapping
-- @treturn string lines
function show.mapping(list)
  local rows = {}
  for i, entry in ipairs(list) do
    rows[i] = { entry.column or "(none)", entry.name, entry.role or "",
      HOW[entry.how] or entry.how }
  end
  return report.table({ "column", "field", "role", "how" }, rows)
end

local function shown(value)
  local text = value == "" and "(none)" or cell(value)
  if report.width(text) <= NARROW then return text end
  return text:sub(1, (utf8.offset(text, NARROW) or #text + 1) - 1) .. "…"
end

-- One line for each value that differs.
local function changes_of(row)
  local names, list = {}, {}
  for name in pairs(row.after or row.before) do names[#names + 1] = name end
  require "sei.plan.file".sort(names)
  for _, name in ipairs(names) do
    local short = name:gsub("^fields%.", "")
    if row.kind == "change" then
      list[#list + 1] = ("%s: %s → %s"):format(cell(short), shown(row.before[name] or ""),
        shown(row.after[name] or ""))
    else
      local value = (row.after or row.before)[name]
      if value ~= "" then list[#list + 1] = ("%s: %s"):format(cell(short), shown(value)) end
    end
  end
  return list
end

local TITLES <const> = { add = "New", change = "Changed", remove = "Removed" }

-- Values stand behind the address as long as they have room there.
local function row_lines(row, width)
  local head = "  " .. cell(row.email) .. (row.line and (" (line %d)"):format(row.line) or "")
  local lines, line = {}, head
  for _, text in ipairs(changes_of(row)) do
    if report.width(line) + report.width(text) + 2 > width and line ~= "" then
      lines[#lines + 1] = line
      line = "    " .. text
    else
      line = line .. "  " .. text
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local function add_rows(out, one, options)
  for _, kind in ipairs(preview.KINDS) do
    local count, written = one.header.counts[kind], 0
    if count > 0 and (options.kind == nil or options.kind == kind) then
      out[#out + 1] = ("\n%s (%d)\n"):format(TITLES[kind], count)
      for _, row in ipairs(one.rows) do
        if row.kind == kind and written < options.limit then
          out[#out + 1] = row_lines(row, options.width) .. "\n"
          written = written + 1
        end
      end
      if written < count then out[#out + 1] = ("  … and %d more\n"):format(count - written) end
    end
  end
end

local function add_head(out, one)
  local header = one.header
  local rows = { { "service", header.target.base_url },
    { "account", header.target.account or "(not known)" },
    { "version", header.version .. (header.first and ", the first one: it is mapped and saved"
      or header.earlier and ", an earlier one" or "") } }
  if header.undoes then rows[#rows + 1] = { "takes back", header.undoes } end
  local source = header.source
  if source then
    rows[#rows + 1] = { "file", ("%s, %d rows"):format(source.name, source.rows) }
  end
  for _, row in ipairs(rows) do out[#out + 1] = ("%-10s  %s\n"):format(row[1], cell(row[2])) end
  if source then out[#out + 1] = "\n" .. show.mapping(header.mapping) end
  local counts = header.counts
  out[#out + 1] = ("\n%d new, %d changed, %d removed, %d stay as they are\n"):format(counts.add,
    counts.change, counts.remove, counts.keep)
  for _, text in ipairs(header.warnings) do out[#out + 1] = "note: " .. cell(text) .. "\n" end
end

local function verdict(one)
  local why = preview.stopped(one.header)
  if why then return "A guard stops it: " .. why .. "." end
  local writes = preview.writes(one.header)
  if writes == 0 and not one.header.first then return "Nothing to do." end
  return ("%d %s by activating version %s."):format(writes,
    writes == 1 and "developer changes" or "developers change", cell(one.header.version))
end

--- A preview as text.
-- @tparam table one of sei.developers.preview
-- @tparam ?table options `limit`: rows of each kind (20); `rows`: all of them; `kind`: only these;
-- `width` of the screen (80)
-- @treturn string lines
function show.text(one, options)
  options = options or {}
  local out = {}
  add_head(out, one)
  add_rows(out, one, { limit = options.rows and math.huge or options.limit or LIMIT,
    width = options.width or WIDTH, kind = options.kind })
  out[#out + 1] = ("\n%s\ndigest: %s\n"):format(verdict(one), one.digest)
  return table.concat(out)
end

return show
