-- pages - gathers the reference's comments for LDoc, one file per module and
-- one per type, wherever in the sources they stand.
--
--   lua5.4 .ci/doc/pages.lua OUTDIR      in the checkout
--
-- LDoc itself wants a module per file and does not read all of Lua 5.4; a
-- method of ours may be written in any C file of its part.
-- One page more is a list of all options: default, limits, what they are; and one is written
-- by hand, embedding.md.
local checked = dofile ".ci/doc/checked.lua"
local live = dofile ".ci/doc/live.lua"
local parse = dofile ".ci/doc/parse.lua"

-- The comment's lines without the tags that say what it stands for.
local function body(entry)
  local list = {}
  for _, line in ipairs(entry.lines or {}) do
    local tag = line:match "^%s*@(%a+)"
    if tag ~= "module" and tag ~= "type" and tag ~= "function" then list[#list + 1] = line end
  end
  return list
end

local function append(out, lines, last)
  local first = true
  for _, line in ipairs(lines) do
    if not first or line ~= "" then
      out[#out + 1] = (first and "--- " or "-- ") .. line
      first = false
    end
  end
  if first then out[#out + 1] = "---" end
  out[#out + 1] = "-- " .. last
  out[#out + 1] = ""
end

-- page name -> { head = entry or nil, kind =, items = }
local function pages_of(entries)
  local pages, order = {}, {}
  local function page(name, kind)
    if not pages[name] then
      pages[name] = { name = name, kind = kind, items = {} }
      order[#order + 1] = pages[name]
    end
    return pages[name]
  end
  for _, e in ipairs(entries) do
    if e.kind == "module" then
      page(e.module, "module").head = e
    elseif e.kind == "type" then
      page("sei." .. e.name, "classmod").head = e
    elseif (e.kind == "function" or e.kind == "field") and not e.hidden and e.name then
      local p = e.type and page("sei." .. e.type, "classmod") or page(e.module, "module")
      p.items[#p.items + 1] = e
    end
  end
  return order
end

local function text_of(page)
  local out = {}
  append(out, page.head and body(page.head) or {}, "@" .. page.kind .. " " .. page.name)
  for _, e in ipairs(page.items) do
    if e.kind == "field" then
      append(out, body(e), "")
    else
      append(out, body(e), "@function " .. e.name)
    end
  end
  return table.concat(out, "\n") .. "\n"
end

-- ---- the list of options ----

local function escape(text)
  return (text:gsub("[&<>@]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
    ["@"] = "&#64;" }))
end

local function cells(tag, ...)
  local list = table.pack(...)
  for i, text in ipairs(list) do list[i] = ("<%s>%s</%s>"):format(tag, escape(text), tag) end
  return "<tr>" .. table.concat(list) .. "</tr>"
end

-- "sei.client pace" is the option pace of sei.client.
local function title(name)
  local owner, inner = name:match "^(%S+) (%S+)$"
  if not owner then inner, owner = name:match "(%w+)'? of (%S+)$" end
  return inner and ("%s: the option %s"):format(owner, inner) or name
end

local function options_page(entries)
  local out = { "--- Every option and every limit.", "--",
    "-- Made from the tables against which the options are checked. Times are seconds." }
  local tables = live.tables()
  for _, one in ipairs(checked.tables(entries)) do tables[#tables + 1] = one end
  for _, one in ipairs(tables) do
    out[#out + 1] = "--"
    out[#out + 1] = "-- <h3>" .. escape(title(one.name)) .. "</h3>"
    out[#out + 1] = "-- <table>"
    out[#out + 1] = "-- " .. cells("th", "option", "type", "default", "limits", "what it is")
    for _, row in ipairs(one.rows) do
      out[#out + 1] = "-- " .. cells("td", row.name, live.type(row), row.default,
        live.limits(row), row.doc)
    end
    out[#out + 1] = "-- </table>"
  end
  out[#out + 1] = "--"
  out[#out + 1] = "-- <h3>What no option moves</h3>"
  out[#out + 1] = "-- <table>"
  out[#out + 1] = "-- " .. cells("th", "at most", "unit", "what of")
  for _, row in ipairs(live.fixed()) do
    out[#out + 1] = "-- " .. cells("td", row.value, row.unit, row.doc)
  end
  out[#out + 1] = "-- </table>"
  out[#out + 1] = "-- @topic options"
  return table.concat(out, "\n") .. "\n"
end

-- ---- pages that are written by hand ----

-- One of .ci/doc/*.md as a topic of LDoc's; code stays as it is.
local function page_of(name)
  local out, first = {}, true
  for line in io.lines(".ci/doc/" .. name .. ".md") do
    out[#out + 1] = (first and "--- " or "-- ") .. line
    first = false
  end
  out[#out + 1] = "-- @topic " .. name
  return table.concat(out, "\n") .. "\n"
end

local function write(folder, name, text)
  local handle = assert(io.open(folder .. "/" .. name, "wb"))
  assert(handle:write(text))
  assert(handle:close())
end

local function main(folder)
  local entries = parse.project()
  for _, page in ipairs(pages_of(entries)) do
    -- A type and a module of one name (sei.csv, say) are two pages.
    write(folder, ("%s-%s.lua"):format(page.kind, page.name), text_of(page))
  end
  write(folder, "topic-options.lua", options_page(entries))
  write(folder, "topic-embedding.lua", page_of "embedding")
end

main(assert(arg[1], "pages: the folder to write into is missing"))
