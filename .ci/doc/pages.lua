-- pages - gathers the reference's comments for LDoc, one file per module and
-- one per type, wherever in the sources they stand.
--
--   lua5.4 .ci/doc/pages.lua OUTDIR      in the checkout
--
-- LDoc itself wants a module per file and does not read all of Lua 5.4; a
-- method of ours may be written in any C file of its part.
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

local function main(folder)
  for _, page in ipairs(pages_of(parse.project())) do
    -- A type and a module of one name (sei.csv, say) are two pages.
    local file = ("%s/%s-%s.lua"):format(folder, page.kind, page.name)
    local handle = assert(io.open(file, "wb"))
    assert(handle:write(text_of(page)))
    assert(handle:close())
  end
end

main(assert(arg[1], "pages: the folder to write into is missing"))
