--- Review files in specs: people, results as sei.match.run makes them where no
-- rule decides, and a spreadsheet that fills files in.
-- @module spec.support.review
local csv = require "sei.review.csv"
local decided = require "sei.decided"
local sei = require "sei"

local review = {}

review.PEOPLE = {
  { id = "P1", name = "Ada Long", email = "ada@example.com" },
  { id = "P2", name = "Ben Short", email = "ben@example.com" },
  { id = "P3", name = "Cy Wide", email = "cy@example.com" },
}

function review.account(login, more)
  local a = { integration_id = 7, login = login, name = "Name of " .. login }
  for k, v in pairs(more or {}) do a[k] = v end
  return a
end

function review.finder(people)
  return function(text)
    local list = {}
    for _, p in ipairs(people) do
      if p.id == text or p.email == text:lower() then list[#list + 1] = p end
    end
    return list
  end
end

-- A result as sei.match.run would make it where no rule decides anything.
function review.result_of(accounts, entries, people)
  people = people or review.PEOPLE
  local said = decided.new(entries)
  local result = { decisions = {}, review = {}, none = {}, ignored = {}, summary = {} }
  for _, a in ipairs(accounts) do
    local key = sei.match.key(a)
    local row = said:replay(a, key, review.finder(people))
      or { reason = "near_miss", message = "near" }
    row.account, row.candidates = a, {}
    for i, p in ipairs(people) do
      if not said:rejected(key, p) and #row.candidates < 3 then
        table.insert(row.candidates, { person = p, score = 1 - i / 10, why = "why " .. i })
      end
    end
    row.class = row.person and "certain" or #row.candidates > 0 and "review" or "none"
    row.rule = row.person and "decided" or nil
    local list = row.ignore and result.ignored or row.person and result.decisions
      or result[row.class]
    list[#list + 1] = row
  end
  return result
end

function review.slurp(path)
  local handle = assert(io.open(path, "rb"))
  local text = handle:read "a"
  handle:close()
  return text
end

function review.spill(path, text)
  local handle = assert(io.open(path, "wb"))
  handle:write(text)
  handle:close()
end

-- The file as a spreadsheet has it: arrays of cells, the header first.
function review.sheet_of(path, delimiter)
  local sheet = {}
  for cells in sei.csv.read { file = path, header = false, delimiter = delimiter } do
    sheet[#sheet + 1] = cells
  end
  return sheet
end

function review.column(sheet, name)
  for i, cell in ipairs(sheet[1]) do
    if cell == name then return i end
  end
  error("no column " .. name)
end

function review.save(path, sheet, how)
  local pieces = {}
  local out <close> = assert(sei.csv.write { delimiter = how and how.delimiter,
    newline = how and how.newline, to = function(piece) table.insert(pieces, piece) end })
  for _, cells in ipairs(sheet) do out:row(cells) end
  assert(out:close())
  review.spill(path, (how and how.bom and "\u{FEFF}" or "") .. table.concat(pieces))
end

-- Fills in the cells of rows, by login: { login = { decision, person } }.
function review.fill(path, what)
  local sheet = review.sheet_of(path)
  local login, left = review.column(sheet, "login"), 0
  for _ in pairs(what) do left = left + 1 end
  for i = 2, #sheet do
    local cells = what[csv.unguard(sheet[i][login])]
    if cells then
      sheet[i][1], sheet[i][2] = cells[1], cells[2] or ""
      left = left - 1
    end
  end
  assert(left == 0, "a row to fill in is not there")
  review.save(path, sheet)
end

function review.by_account(entries)
  local map = {}
  for _, entry in ipairs(entries) do map[entry.account] = entry end
  return map
end

return review
