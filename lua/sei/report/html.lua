--- A plan as one HTML file that stands for itself: coverage, changes, conflicts,
-- and a page to decide what was left undecided.
--
-- Nothing is loaded and nothing is sent: a policy in the page forbids both. What
-- is decided there is downloaded as the review file (see sei.review).
-- @module sei.report.html

local core = require "sei.core"
local attempt = require "sei.attempt"
local options = require "sei.options"

local html = {}

local KEYS <const> = { plan = "string|table", review = "string|table", journal = "string",
  file = "string", keep = "boolean" }

-- ---- what goes in ----

local function taken(value, err)
  if value == nil then error(err, 0) end
  return value, err
end

local function plan_of(given)
  if type(given) == "string" then return taken(require "sei.plan.file".read(given)) end
  return given
end

-- The file's rows for the page: of a path, of a result, or of the plan's result.
local function review_of(given, plan)
  local from = given
  if from == nil then from = plan.result end
  if from == nil then return nil end
  local rows, how = require "sei.review".rows(from)
  if rows == nil then error(how, 0) end
  local name = type(from) == "string" and from:match "[^/]+$" or "review.csv"
  return rows, how, (name:gsub("%.json$", ".csv"))
end

-- ---- the document ----

-- JSON within a script element: nothing in it may look like a tag, and no
-- "<!--" (HTML Standard, 4.12.1.3, restrictions for contents of script elements).
local function embedded(value)
  return (taken(core.json.encode(value, { canonical = true })):gsub("<", "\\u003c"))
end

-- Whatever the data says, only our own style and script are obeyed (Content
-- Security Policy Level 3); the nonce is the digest of the data.
local function policy(nonce)
  return ("default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; img-src data:; "
    .. "base-uri 'none'; form-action 'none'"):format(nonce, nonce)
end

local function document(plan, content, groups, applied)
  local body = require "sei.report.body"
  local json = embedded(content)
  local digest = core.digest.sha256(json)
  return table.concat { '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    '<meta http-equiv="Content-Security-Policy" content="', policy(digest), '">\n',
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    '<meta name="color-scheme" content="light dark">\n',
    '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n',
    '<meta name="generator" content="sei">\n<title>',
    body.escape(plan.header.name or "Identity plan"), " · ", body.escape(plan.digest:sub(1, 8)),
    '</title>\n<style nonce="', digest, '">\n', require "sei.report.style", "</style>\n</head>\n",
    "<body>\n", body.html(plan, content, groups, applied),
    '<script type="application/json" data-digest="', digest, '" id="data">', json,
    '</script>\n<script nonce="', digest, '">\n', require "sei.report.script",
    "</script>\n</body>\n</html>\n" }
end

local function save(path, text)
  local out <close>, problem = core.file(path, true)
  if not out then error(problem, 0) end
  taken(core.file_write(out, text))
  taken(core.file_commit(out))
end

local function make(given)
  local data = require "sei.report.data"
  local plan = plan_of(given.plan)
  local rows, how, name = review_of(given.review, plan)
  local applied = given.journal and taken(require "sei.report.applied".read(given.journal, plan))
  local content = { missing = plan.header.missing or core.json.array {},
    rows = data.rows(plan, applied and applied.fates, given.keep) }
  if rows and #rows > 0 then content.review = data.review(rows, how, name) end
  local text = document(plan, content, data.coverage(plan, rows), applied)
  if given.file then save(given.file, text) end
  return { file = given.file, html = text, rows = #content.rows, review = rows and #rows or 0 }
end

--- Makes a report; see `sei.report`.
-- @tparam table given
-- @treturn ?table `file`, `html` (the text), `rows` and `review` (how many are listed); or nil and
-- an error object
function html.make(given)
  local checked = options.check("sei.report", given, KEYS)
  if checked.plan == nil then
    error("bad option 'plan' for sei.report (path or plan expected, got nothing)", 3)
  elseif type(checked.plan) == "table" and (type(checked.plan.header) ~= "table"
    or type(checked.plan.rows) ~= "table" or type(checked.plan.digest) ~= "string") then
    error("bad option 'plan' for sei.report (what sei.plan gave expected, got another table)", 3)
  end
  return attempt.call(make, checked)
end

return html
