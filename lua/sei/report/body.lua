--- The part of a report's page that stands without its script: what the plan is
-- for, what stops it, its counts, and coverage by integration.
-- @module sei.report.body

local file = require "sei.plan.file"
local guard = require "sei.guard"
local tables = require "sei.report"

local body = {}

-- ---- words ----

local ENTITIES <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  ["'"] = "&#39;" }

--- A value as text of HTML, safe between tags and within quotes.
-- @param value nil: ""
-- @treturn string one line
function body.escape(value) return (tables.cell(value):gsub("[&<>\"']", ENTITIES)) end
local escape = body.escape

-- A value that came from outside: its direction of writing ends with it.
local function bdi(value) return "<bdi>" .. escape(value) .. "</bdi>" end

--- A whole number as people read it: "12,345".
function body.number(n)
  local text = ("%d"):format(n)
  return (text:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end
local number = body.number

local function plural(n, one, many) return number(n) .. " " .. (n == 1 and one or many) end

-- Whole percent that never says 0 or 100 of what is not quite that.
local function percent(part, whole)
  if whole == 0 then return "–" end
  local value = math.floor(part / whole * 100 + 0.5)
  if value == 100 and part < whole then value = 99 end
  if value == 0 and part > 0 then value = 1 end
  return value .. " %"
end

-- ---- what it is ----

-- Of a plan that was applied.
local function outcome(applied)
  local sentence = ("%s of %s as planned"):format(number(applied.there),
    plural(applied.wanted, "row is", "rows are"))
  if applied.state == "done" then return "calm", "Applied: " .. sentence .. "." end
  if applied.state == "incomplete" then return "stop", "Applied, but only " .. sentence .. "." end
  return "stop", "The apply was stopped: " .. sentence .. ". The same command goes on with it."
end

local function verdict(header, applied)
  if applied then return outcome(applied) end
  local counts = header.counts
  local writes = counts.add + counts.change
  if #guard.failed(header) > 0 then
    return "stop", "Stopped by a guard: this plan cannot be applied."
  elseif writes == 0 then
    return "calm", "Nothing to do."
  end
  local tail = header.irreversible > 0 and (" %s cannot be taken back."):format(
    plural(header.irreversible, "addition", "additions")) or ""
  return "go", plural(writes, "row is", "rows are") .. " to be written." .. tail
end

local function facts(plan, applied)
  local header = plan.header
  local list = { { "Target", bdi(header.target.base_url) .. (header.target.account
    and " · account " .. bdi(header.target.account) or "") } }
  for _, name in ipairs { "people", "accounts" } do
    local one = header.inputs and header.inputs[name]
    if one then
      list[#list + 1] = { name == "people" and "People" or "Accounts", number(one.count)
        .. (one.skipped and (" (%s left out)"):format(plural(one.skipped, "bad row",
        "bad rows")) or "") }
    end
  end
  local there = header.directory
  if there then
    list[#list + 1] = { "Directory", plural(there.people, "person", "people") .. " · "
      .. plural(there.mappings, "mapping", "mappings") }
  end
  if applied and applied.started then
    list[#list + 1] = { "Applied", bdi((applied.started:gsub("[TZ]", " "))) .. "UTC"
      .. (applied.who and " · " .. bdi(applied.who) or "") }
  end
  list[#list + 1] = { "Digest", '<code class="digest">' .. escape(plan.digest) .. "</code>" }
  return list
end

local function head(plan, applied)
  local kind, sentence = verdict(plan.header, applied)
  local out = { '<header class="top"><div class="wrap">\n<p class="kicker">Identity plan</p>\n<h1>',
    plan.header.name and bdi(plan.header.name) or "Who is who", '</h1>\n<p class="verdict ',
    kind, '">', escape(sentence), '</p>\n<dl class="facts">\n' }
  for _, one in ipairs(facts(plan, applied)) do
    out[#out + 1] = ("<div><dt>%s</dt><dd>%s</dd></div>\n"):format(one[1], one[2])
  end
  out[#out + 1] = "</dl>\n</div></header>\n"
  return table.concat(out)
end

-- ---- coverage ----

local WIDTH <const> = 300

-- One bar: mapped already, added by the plan, and the rest.
local function bar(group)
  local function width(n)
    return ("%.1f"):format(group.accounts == 0 and 0 or n / group.accounts * WIDTH)
  end
  return ('<svg class="bar" viewBox="0 0 %d 12" preserveAspectRatio="none" role="img" '
    .. 'aria-label="%s before, %s after"><rect class="rest" width="%d" height="12"/>'
    .. '<rect class="gain" width="%s" height="12"/><rect class="had" width="%s" height="12"/>'
    .. "</svg>"):format(WIDTH, percent(group.before, group.accounts),
    percent(group.after, group.accounts), WIDTH, width(group.after), width(group.before))
end

local function coverage_row(group, is_sum)
  local place = is_sum and "All" or bdi(group.place)
  local cells = { ('<th scope="row">%s</th>'):format(place),
    ('<td class="n">%s</td>'):format(number(group.accounts)),
    ('<td class="chart">%s</td>'):format(bar(group)),
    ('<td class="n">%s</td>'):format(percent(group.before, group.accounts)),
    ('<td class="n strong">%s</td>'):format(percent(group.after, group.accounts)) }
  for _, name in ipairs { "gain", "change", "conflict", "open" } do
    local n = name == "gain" and group.after - group.before or group[name]
    cells[#cells + 1] = ('<td class="n%s">%s</td>'):format(n == 0 and " zero" or "",
      (name == "gain" and n > 0 and "+" or "") .. number(n))
  end
  return ('<tr%s>%s</tr>'):format(is_sum and ' class="sum"' or "", table.concat(cells))
end

local LEGEND <const> = '<p class="legend" aria-hidden="true"><span class="key had"></span>mapped '
  .. 'already <span class="key gain"></span>added by this plan <span class="key rest"></span>'
  .. "not mapped</p>"

local function coverage(groups, has_review)
  local rows = {}
  for i, group in ipairs(groups) do
    if i > 1 or #groups ~= 2 then rows[#rows + 1] = coverage_row(group, i == 1) end
  end
  return table.concat { '<h2>Coverage by integration</h2>\n', LEGEND,
    '\n<div class="scroll" tabindex="0" role="region" aria-label="Coverage by integration">',
    '<table class="coverage">\n<thead><tr><th scope="col">Integration</th>',
    '<th scope="col" class="n">Accounts</th><th scope="col" class="chart">Mapped</th>',
    '<th scope="col" class="n">Before</th><th scope="col" class="n">After</th>',
    '<th scope="col" class="n">Added</th><th scope="col" class="n">Changed</th>',
    '<th scope="col" class="n">Conflicts</th><th scope="col" class="n">Undecided</th></tr></thead>',
    "\n<tbody>\n", table.concat(rows, "\n"), "\n</tbody></table></div>\n<p class=\"hint\">",
    has_review and "An account without a decision counts as not mapped, also where the directory "
      .. "has a mapping of it: the plan leaves that one alone."
      or "Accounts without a decision are not counted: no review file was given.", "</p>\n" }
end

-- ---- counts ----

local NAMES <const> = { add = "added", change = "changed", keep = "kept",
  protected = "protected", conflict = "conflicts", irreversible = "stay" }

-- Only the plan of an undo has what cannot be taken back.
local function columns(counts)
  local kinds = {}
  for _, kind in ipairs(file.KINDS) do
    if kind ~= "irreversible" or (counts.irreversible or 0) > 0 then kinds[#kinds + 1] = kind end
  end
  return kinds
end

local function rules(counts)
  local names, kinds = {}, columns(counts)
  for name in pairs(counts.by_rule) do names[#names + 1] = name end
  if #names == 0 then return "" end
  table.sort(names, file.comparer())
  local out = { '<section><h2>By rule</h2>\n<div class="scroll" tabindex="0" role="region" '
    .. 'aria-label="By rule"><table>\n<thead><tr><th scope="col">Rule</th>' }
  for _, kind in ipairs(kinds) do
    out[#out + 1] = ('<th scope="col" class="n">%s</th>'):format(NAMES[kind])
  end
  out[#out + 1] = "</tr></thead>\n<tbody>\n"
  for _, name in ipairs(names) do
    out[#out + 1] = '<tr><th scope="row">' .. bdi(name) .. "</th>"
    for _, kind in ipairs(kinds) do
      local n = counts.by_rule[name][kind] or 0
      out[#out + 1] = ('<td class="n%s">%s</td>'):format(n == 0 and " zero" or "", number(n))
    end
    out[#out + 1] = "</tr>\n"
  end
  out[#out + 1] = "</tbody></table></div></section>\n"
  return table.concat(out)
end

local function guards(header)
  local out = { '<section><h2>Guards</h2>\n<ul class="guards">\n' }
  for _, one in ipairs(header.guards) do
    out[#out + 1] = ('<li class="%s"><b>%s</b> %s</li>\n'):format(one.passed and "ok" or "stop",
      one.passed and "ok" or "stop", escape(guard.tell(one)))
  end
  out[#out + 1] = "</ul></section>\n"
  return table.concat(out)
end

local function tile(n, label, kind)
  if not n or n == 0 then return "" end
  return ('<li class="%s"><b>%s</b> %s</li>\n'):format(kind, number(n), label)
end

local function tiles(counts)
  local fields = counts.fields or {}
  local list = table.concat { tile(counts.change - (fields.change or 0), "changed", "change"),
    tile(counts.add, "added", "add"), tile(fields.change, "people with new fields", "fields"),
    tile(counts.conflict, "conflicts", "conflict"), tile(counts.protected, "protected", "quiet"),
    tile(counts.irreversible, "not taken back", "quiet"), tile(counts.keep, "kept", "quiet"),
    tile(counts.review, "to review", "review"),
    tile(counts.none, "near nobody", "quiet"), tile(counts.ignored, "ignored", "quiet"),
    tile(counts.probable, "probable, not written", "quiet"),
    tile(counts.missing, "in the directory only", "quiet") }
  return list ~= "" and '<ul class="tiles">\n' .. list .. "</ul>\n" or ""
end

-- ---- the lists that the script fills ----

local function list_section(id, title, count, hint)
  return ('<section class="list" id="%s" aria-labelledby="%s-title"><h2 id="%s-title">%s '
    .. '<span class="count">%s</span></h2>\n%s<div class="fill"></div></section>\n'):format(id, id,
    id, title, number(count), hint and '<p class="hint">' .. hint .. "</p>\n" or "")
end

local function count_kinds(rows, kinds)
  local n = 0
  for _, row in ipairs(rows) do
    if kinds[row[1]] then n = n + 1 end
  end
  return n
end

-- id, title, kinds of rows or the data's member, hint
local LISTS <const> = {
  { "changes", "Changes", { change = true, add = true, fields = true } },
  { "conflicts", "Conflicts and protected", { conflict = true, protected = true },
    "None of these rows is written." },
  { "irreversible", "What the service cannot take back", { irreversible = true },
    "These mappings stay as they are." },
  { "kept", "Kept", { keep = true } },
}

-- The lists that have something, as { id, title, count, hint }.
local function lists_of(content)
  local list = {}
  for _, one in ipairs(LISTS) do
    local n = count_kinds(content.rows, one[3])
    if n > 0 then list[#list + 1] = { one[1], one[2], n, one[4] } end
  end
  if #content.missing > 0 then
    list[#list + 1] = { "missing", "In the directory only", #content.missing,
      "Not among the people of the input. Nothing is removed." }
  end
  if content.review then
    list[#list + 1] = { "review", "Review", #content.review.rows,
      "Say whose each account is, then download the review file and run the plan again. "
      .. "Nothing leaves this page." }
  end
  return list
end

--- The whole body but data and script.
-- @tparam table plan
-- @tparam table content `rows`, `missing`, `review`: what the script reads
-- @tparam {table,...} groups see sei.report.data
-- @tparam ?table applied see sei.report.applied
-- @treturn string
function body.html(plan, content, groups, applied)
  local lists, links, sections = lists_of(content), {}, {}
  for i, one in ipairs(lists) do
    links[i] = ('<a href="#%s">%s <span class="count">%s</span></a>'):format(one[1], one[2],
      number(one[3]))
    sections[i] = list_section(table.unpack(one, 1, 4))
  end
  return table.concat { '<a class="skip" href="#overview">Skip to the content</a>\n',
    head(plan, applied), '<nav class="bar" aria-label="Sections"><div class="wrap">',
    '<a href="#overview">Overview</a>',
    table.concat(links), "</div></nav>\n<main class=\"wrap\">\n",
    "<noscript><p class=\"verdict stop\">The lists and the review need JavaScript, which this ",
    "browser has turned off. It is in this file; nothing is loaded.</p></noscript>\n",
    '<section id="overview" tabindex="-1" aria-label="Overview">\n', tiles(plan.header.counts),
    #groups > 1 and coverage(groups, content.review ~= nil) or "", '<div class="pair">\n',
    guards(plan.header), rules(plan.header.counts), "</div></section>\n",
    table.concat(sections), "</main>\n" }
end

return body
