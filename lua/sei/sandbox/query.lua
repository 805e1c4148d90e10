--- Searching, sorting and paging of the two v2 tables, and their envelopes.
--
-- A table is `{ default = key, keys = names (nil: any), sequence = f(app), get = f(app, n)
-- -> values by name, all strings, render = f(app, n) -> JSON, ids = name }`.
local request = require "sei.sandbox.request"

local query = {}

local DEFAULT_PAGE_SIZE <const> = 50

-- Several values: the parameter repeated, or with commas.
local function many(r, name)
  local list = r.queries[name]
  if not list then return nil end
  local set, any = {}, false
  for _, text in ipairs(list) do
    for one in text:gmatch "[^,]+" do set[one:lower()], any = true, true end
  end
  return any and set or nil
end

local function known_key(tbl, key)
  for _, name in ipairs(tbl.keys or {}) do if name == key then return true end end
  return not tbl.keys
end

-- What the query asks for, checked; or nil and the error.
local function read(app, r, tbl)
  local q = r.query
  local want = {
    page = request.number(r, "pageIndex", 0),
    size = request.number(r, "pageSize", DEFAULT_PAGE_SIZE),
    emails = many(r, "emails"), ids = tbl.ids and many(r, tbl.ids .. "s"),
    search = q.searchValue ~= "" and q.searchValue or nil, search_key = q.searchKey or tbl.default,
    sort = q.sortKey, order = (q.sortOrder or "asc"):lower(),
  }
  if not want.page then return nil, "pageIndex must be a whole number from 0." end
  if not want.size or want.size < 1 then return nil, "pageSize must be a whole number from 1." end
  for _, key in ipairs { want.search_key, want.sort } do
    if not known_key(tbl, key) then
      return nil, ("%q is no key to search or sort by."):format(key)
    end
  end
  if want.order ~= "asc" and want.order ~= "desc" then
    return nil, "sortOrder must be asc or desc."
  end
  local limit = app.quirks:get("max-page-size", r.path)
  if limit and want.size > limit.size then
    if not limit.cap then
      return nil, ("pageSize %d is too large: the maximum is %d."):format(want.size, limit.size)
    end
    want.size = limit.size
  end
  return want
end

local function passes(want, tbl, row)
  if want.emails and not want.emails[row.email:lower()] then return false end
  if want.ids and not want.ids[row[tbl.ids]] then return false end
  local value = want.search and (row[want.search_key] or "")
  return not value or value:lower():find(want.search:lower(), 1, true) ~= nil
end

-- The numbers of the rows that are wanted, in the order wanted.
local function select_rows(app, want, tbl)
  local found, key = {}, {}
  for _, n in tbl.sequence(app):from(1) do
    local row = tbl.get(app, n)
    if passes(want, tbl, row) then
      found[#found + 1] = n
      if want.sort then key[n] = row[want.sort] or "" end
    end
  end
  if want.sort then
    local down = want.order == "desc"
    table.sort(found, function(a, b)
      if key[a] == key[b] then return a < b end
      if down then return key[a] > key[b] end
      return key[a] < key[b]
    end)
  end
  return found
end

-- The selection, remembered until the next write: pages of it are asked for.
local function selection(app, r, want, tbl)
  if not (want.emails or want.ids or want.search or want.sort) then return nil end
  local q = r.query
  local mark = table.concat({ r.path, app.store.generation, want.search_key, want.search or "",
    want.sort or "", want.order, q.emails or "", tbl.ids and q[tbl.ids .. "s"] or "",
    table.concat(r.queries.emails or {}, ",") }, "\0")
  if app.selection and app.selection.mark == mark then return app.selection.rows end
  local rows = select_rows(app, want, tbl)
  app.selection = { mark = mark, rows = rows }
  return rows
end

--- The page that a query asks for.
-- @treturn[1] table `text` (the rows, joined), `page`, `size`, `total`
-- @treturn[2] nil
-- @treturn[2] string why not
function query.page(app, r, tbl)
  local want, err = read(app, r, tbl)
  if not want then return nil, err end
  local list = selection(app, r, want, tbl)
  local sequence = tbl.sequence(app)
  local total = list and #list or sequence:total()
  local first = want.page * want.size + 1
  local last = math.min(total, first + want.size - 1)
  local key = not list and ("%s %d %d"):format(r.path, first, last)
  local text = key and app.cache:get(key)
  if not text then
    local out = {}
    for k = first, last do
      out[#out + 1] = tbl.render(app, list and list[k] or sequence:at(k))
    end
    text = table.concat(out, ",")
    if key then app.cache:put(key, text) end
  end
  return { text = text, page = want.page, size = want.size, total = total }
end

local ENVELOPES = {
  array = "[%s]",
  records = '{"records":[%s],"_metadata":%s}',
  content = '{"content":[%s],"pagination":%s}',
  ["data-content"] = '{"status":"SUCCESS","data":{"content":[%s],"pagination":%s}}',
  data = '{"data":[%s],"pagination":%s}',
  unknown = '{"payload":{"rows":[%s]},"cursor":%s}',
}

--- A page in the envelope that is set (api.md, "Open points").
function query.envelope(app, r, page)
  local shape = app.quirks:get("identities-envelope", r.path)
  local more = (page.page + 1) * page.size < page.total
    or app.quirks:get("has-next-lies", r.path) or false
  local metadata = ('{"page":%d,"page_size":%d,"total_count":%d,"has_next":%s,"next_page":%s}')
    :format(page.page, page.size, page.total, more, more and page.page + 1 or "null")
  local before, between, after = ENVELOPES[shape]:match "^(.-)%%s(.-)%%s(.*)$"
  if not before then return "[" .. page.text .. "]" end
  return before .. page.text .. between .. metadata .. after
end

return query
