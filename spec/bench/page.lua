-- page - a report as Markdown, for a terminal, or as one HTML file. A report
-- is a list of parts:
--   { heading = text }
--   { text = text }
--   { list = { text, … } }
--   { columns = { title, … }, rows = { { cell, … }, … } }   numbers as text; to the right but
--                                                           for the first column
--   { figure = name, svg = text }                           name: of the file without ".svg"
--   { fold = title, parts = { part, … } }
local escape = require "sei.report.body".escape

local page = {}

-- ---- Markdown ----

local function width(text) return utf8.len(text) or #text end

-- Every column as wide as its widest cell.
local function aligned(part, out)
  local widths = {}
  for i, title in ipairs(part.columns) do
    widths[i] = width(title)
    for _, row in ipairs(part.rows) do widths[i] = math.max(widths[i], width(row[i])) end
  end
  local function line(cells, fill)
    local words = {}
    for i, cell in ipairs(cells) do
      local blanks = (fill or " "):rep(widths[i] - width(cell))
      words[i] = i == 1 and cell .. blanks or blanks .. cell
    end
    out("| " .. table.concat(words, " | ") .. " |")
  end
  line(part.columns)
  local rule = {}
  for i = 1, #part.columns do rule[i] = ("-"):rep(widths[i] - 1) .. (i == 1 and "-" or ":") end
  line(rule)
  for _, row in ipairs(part.rows) do line(row) end
  out ""
end

local function add_markdown(parts, out)
  for _, part in ipairs(parts) do
    if part.heading then out("## " .. part.heading .. "\n") end
    if part.text then out(part.text .. "\n") end
    for _, text in ipairs(part.list or {}) do out("- " .. text) end
    if part.list then out "" end
    if part.columns then aligned(part, out) end
    if part.figure then out(("![%s](%s.svg)\n"):format(part.figure, part.figure)) end
    if part.fold then out("### " .. part.fold .. "\n") end
    if part.parts then add_markdown(part.parts, out) end
  end
end

--- The report as Markdown.
-- @tparam table parts
-- @treturn string
function page.markdown(parts)
  local lines = {}
  add_markdown(parts, function(line) lines[#lines + 1] = line end)
  return table.concat(lines, "\n")
end

-- ---- HTML ----

local STYLE <const> = [[
:root{color-scheme:light dark;--ground:#fff;--ink:#1b1f24;--soft:#5b6470;--rule:#e3e6ea}
:root{--good:#00704f;--bad:#b3261e}
@media (prefers-color-scheme:dark){
:root{--ground:#14171b;--ink:#eceff3;--soft:#a3adb9;--rule:#2a3038;--good:#2fd6a6;--bad:#ff8a80}}
body{margin:2rem auto;max-width:72rem;padding:0 1rem;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}p,li{max-width:46rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .7rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal}
th{color:var(--soft);font-weight:600}.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}
details{margin:.4rem 0}summary{cursor:pointer}
svg.plot{max-width:100%;height:auto;margin:.6rem 0}
]]

local CLASS <const> = { ["✓"] = ' class="good"', ["✗"] = ' class="bad"' }

local function html_table(part, out)
  out '<div class="wide"><table><thead><tr>'
  for _, title in ipairs(part.columns) do out("<th>" .. escape(title) .. "</th>") end
  out "</tr></thead><tbody>"
  for _, row in ipairs(part.rows) do
    out "<tr>"
    for _, cell in ipairs(row) do
      out(("<td%s>%s</td>"):format(CLASS[cell] or "", escape(cell)))
    end
    out "</tr>"
  end
  out "</tbody></table></div>"
end

local function add_html(parts, out)
  for _, part in ipairs(parts) do
    if part.heading then out("<h2>" .. escape(part.heading) .. "</h2>") end
    if part.text then out("<p>" .. escape(part.text) .. "</p>") end
    if part.list then
      out "<ul>"
      for _, text in ipairs(part.list) do out("<li>" .. escape(text) .. "</li>") end
      out "</ul>"
    end
    if part.columns then html_table(part, out) end
    if part.svg then out(part.svg) end
    if part.fold then
      out("<details><summary>" .. escape(part.fold) .. "</summary>")
      add_html(part.parts, out)
      out "</details>"
    end
  end
end

--- The report as one HTML file, light or dark as the reader's screen is.
-- @tparam string title
-- @tparam table parts
-- @treturn string
function page.html(title, parts)
  local lines = { '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    "<title>" .. escape(title) .. "</title><style>" .. STYLE .. "</style></head><body>",
    "<h1>" .. escape(title) .. "</h1>" }
  add_html(parts, function(line) lines[#lines + 1] = line end)
  lines[#lines + 1] = "</body></html>\n"
  return table.concat(lines, "\n")
end

return page
