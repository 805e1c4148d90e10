-- jobs - what is measured, and which ratios must be shown (the table at the
-- end). A heat is one job in one setting; all its contestants run in turn.
local RECORDS <const>, CSV_ROWS <const>, SENT_ROWS <const> = 80715, 1000000, 100000

-- What the contestants of a heat are told behind the job's name. `at`: url (of
-- the heat's latency), big and small (CSV files).
local function list(heat, at)
  return { at.url, heat.page_size, heat.window, heat.total or RECORDS }
end

local function file(_, at) return { at.big } end

local function down(_, at) return { at.url } end

local function rows(_, at) return { at.url, 1000, SENT_ROWS, at.small } end

local function form(_, at) return { at.url, at.small } end

local ONE_BY_ONE <const> = { paged = "page by page: 81 times 50 ms and more" }

-- `csv`: needs the CSV files. `taken`: rows that the service must have taken.
-- `silent`: prints nothing that could be compared.
-- `rounds`: at most so many; `many`: always so many, where one is over before
-- others on the machine have had their turn. `gzip`: pages are packed, for those
-- who take that. `tls`: over HTTP/2, by another server. `only`: whom it concerns;
-- `without`: who is left out, by a flag of contest.lua, and why.
local heats = {
  { name = "list-1000", job = "list", page_size = 1000, window = 8, latency = 0, words = list },
  { name = "three-1000", job = "list3", page_size = 1000, window = 8, latency = 0, words = list },
  { name = "list-50", job = "list", page_size = 50, window = 8, latency = 0, words = list,
    without = { slow = "a process for each of 1615 pages" } },
  { name = "gzip-1000", job = "list", page_size = 1000, window = 8, latency = 0, words = list,
    gzip = true, quick = false, only = { "sei", "libcurl download", "Go net/http",
      "Python requests", "Python aiohttp" } },
  { name = "far-1000", job = "list", page_size = 1000, window = 8, latency = 50, words = list,
    without = ONE_BY_ONE },
  { name = "h2-1000", job = "list", page_size = 1000, window = 8, latency = 50, words = list,
    tls = true, quick = false, only = { "sei", "libcurl download", "Go net/http" } },
  { name = "far-50", job = "list", page_size = 50, window = 8, latency = 50, rounds = 3,
    words = list, quick = false, only = { "sei", "libcurl download", "Go net/http" } },
  { name = "wide-1000", job = "list", page_size = 1000, window = 64, latency = 50, words = list,
    only = { "sei", "libcurl download" } },
  { name = "csv-function", job = "csv_spans", words = file, csv = true },
  { name = "csv-values", job = "csv_values", words = file, csv = true },
  { name = "csv-arrays", job = "csv_arrays", words = file, csv = true },
  { name = "csv-named", job = "csv_named", words = file, csv = true },
  { name = "csv-down", job = "csv_down", words = down, csv = true },
  { name = "make-rows", job = "make_rows", words = rows, silent = true },
  { name = "upload-rows", job = "upload_rows", words = rows, taken = SENT_ROWS },
  { name = "upload-file", job = "upload_file", words = rows, csv = true, taken = SENT_ROWS },
  { name = "upload-form", job = "upload_form", words = form, csv = true, taken = SENT_ROWS },
  { name = "start", job = "first", page_size = 50, window = 1, total = 50, words = list,
    many = 31 },
}

-- `best`: against the best of all but the floors; else against `other`, or
-- `value`. `against`: the heat of the other side, if it is another; `beyond`:
-- a heat whose median is taken off on both sides.
local table_of_ratios = {
  { "list 80,715, page 1000, window 8: CPU", heat = "list-1000", measure = "cpu", best = true,
    limit = 0.55 },
  { "the same, three fields: CPU", heat = "three-1000", measure = "cpu", best = true,
    limit = 0.28 },
  { "the same, page 50: CPU", heat = "list-50", measure = "cpu", best = true, limit = 0.65 },
  { "list, page 1000, window 8, in gzip: CPU", heat = "gzip-1000", measure = "cpu", best = true },
  { "list, page 1000, window 8, 50 ms: wall", heat = "far-1000", measure = "wall",
    other = "libcurl download", limit = 1.05 },
  { "list, page 1000, window 8, 50 ms, HTTP/2 over TLS: wall", heat = "h2-1000", measure = "wall",
    other = "libcurl download" },
  { "the same: CPU", heat = "h2-1000", measure = "cpu", best = true },
  { "list, page 50, window 8, 50 ms: wall", heat = "far-50", measure = "wall",
    other = "libcurl download", limit = 1.03 },
  { "list, page 1000, window 64, 50 ms: wall", heat = "wide-1000", measure = "wall", best = true,
    against = "far-1000", limit = 0.45 },
  { "list 80,715, page 1000, window 8: peak RSS", heat = "list-1000", measure = "rss",
    other = "libcurl download", limit = 1.4 },
  { "CSV of 1,000,000 rows to a Lua function, as places in a text: wall", heat = "csv-function",
    measure = "wall", other = "Go encoding/csv", limit = 1.0 },
  { "the same, each field a Lua string: wall", heat = "csv-values", measure = "wall",
    other = "Go encoding/csv", limit = 1.0 },
  { "the same, as rows with named fields: wall", heat = "csv-named", measure = "wall",
    other = "pure Lua", limit = 0.5 },
  { "download of the CSV: peak RSS", heat = "csv-down", measure = "rss", value = 16 * 1024,
    other = "a fixed size", limit = 1.0 },
  { "upload of 100,000 rows as JSON: CPU beyond making them", heat = "upload-rows",
    measure = "cpu", other = "Go upload", beyond = "make-rows", limit = 1.0 },
  { "upload of 100,000 rows from a CSV file: wall", heat = "upload-file", measure = "wall",
    other = "Go upload", limit = 0.6 },
  { "multipart upload of a 7 MB CSV: wall", heat = "upload-form", measure = "wall",
    other = "curl -F", limit = 1.2 },
  { "start, one page, exit: wall", heat = "start", measure = "wall", other = "libcurl download",
    limit = 1.5 },
}

-- Programs here that measure a part by themselves, with limits of their own.
local programs = {
  { name = "text", title = "folding of names" },
  { name = "join", title = "join of names", quick = false },
  { name = "candidates", title = "candidates", quick = false },
  { name = "match", title = "mapping", quick = false },
  { name = "plan", title = "planning", quick = false },
}

return { heats = heats, programs = programs, rows = table_of_ratios, records = RECORDS,
  csv_rows = CSV_ROWS, sent_rows = SENT_ROWS }
