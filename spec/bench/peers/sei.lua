-- sei - ours.
--   lua5.4 sei.lua JOB URL PAGE_SIZE WINDOW        JOB: list, list3
--   lua5.4 sei.lua JOB FILE                        JOB: csv_spans, csv_values, csv_arrays,
--                                                       csv_named
--   lua5.4 sei.lua csv_down URL
--   lua5.4 sei.lua JOB URL BATCH ROWS FILE         JOB: make_rows, upload_rows, upload_file
--   lua5.4 sei.lua upload_form URL FILE
local sei = require "sei"
local visit = dofile((arg[0]:gsub("[^/]+$", "visit.lua")))

local job, url = arg[1], arg[2]
local page_size, window = tonumber(arg[3]), tonumber(arg[4])

local function connect()
  return sei.client { base_url = url, api_key = "bench-key", pace = false,
    ca_file = os.getenv "BENCH_CA" }
end

local function list(look, fields)
  local client <close> = connect()
  local n, sum = 0, 0
  for r in client:list_contributors { page_size = page_size, window = window, fields = fields } do
    n, sum = n + 1, sum + look(r)
  end
  visit.tell(n, sum)
end

local jobs = {}

function jobs.list() list(visit.all) end

function jobs.list3() list(visit.three, { "id", "full_name", "email" }) end

-- url is a file from here on. As Go's strings are: places in a text, of which
-- nothing is copied; rows next to each other share it.
function jobs.csv_spans()
  local n, sum = 0, 0
  for _, a, b, c, d, e, f in sei.csv.read { file = url, row = "spans" } do
    n, sum = n + 1, sum + (b - a) + (d - c) + (f - e) + 3
  end
  visit.tell(n, sum)
end

-- Each field a Lua string.
function jobs.csv_values()
  local n, sum = 0, 0
  for email, integration, identity in sei.csv.read { file = url, row = "values" } do
    n, sum = n + 1, sum + #email + #integration + #identity
  end
  visit.tell(n, sum)
end

function jobs.csv_arrays()
  local n, sum = -1, 0
  for row in sei.csv.read { file = url, header = false } do
    n = n + 1
    if n > 0 then sum = sum + #row[1] + #row[2] + #row[3] end
  end
  visit.tell(n, sum)
end

function jobs.csv_named()
  local n, sum = 0, 0
  for row in sei.csv.read { file = url } do
    n, sum = n + 1, sum + #row.email + #row.integrationId + #row.identity
  end
  visit.tell(n, sum)
end

function jobs.csv_down()
  local client <close> = connect()
  local n, sum = 0, 0
  assert(client:download_identities { to = function(row)
    n, sum = n + 1, sum + #row.email + #row.integrationId + #row.identity
  end })
  visit.tell(n, sum)
end

local function make_rows()
  local rows = {}
  for i = 0, tonumber(arg[4]) - 1 do
    rows[i + 1] = { email = "user" .. i + 1 .. "@corp.example.com", integrationId = 5000 + i % 400,
      identity = "712020:cloud-" .. i + 1 }
  end
  return rows
end

function jobs.make_rows() assert(#make_rows() > 0) end

local function accepted(report)
  assert(report.accepted == tonumber(arg[4]))
end

function jobs.upload_rows()
  local client <close> = connect()
  accepted(assert(client:patch_identities(make_rows(), { batch_size = page_size })))
end

function jobs.upload_file()
  local client <close> = connect()
  accepted(assert(client:patch_identities { file = arg[5], batch_size = page_size }))
end

function jobs.upload_form()
  local client <close> = connect()
  assert(client:upload_identities { file = arg[3] })
end

jobs[job]()
