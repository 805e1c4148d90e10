-- How long sei.json takes for pages of contributors, against lua-cjson: a
-- Markdown table of microseconds per record and their ratio. The collector
-- runs as it will; the best of several rounds counts.
--   lua5.4 spec/bench/json.lua [rounds]
local cjson = require "cjson"
local sei = require "sei"

local ROUNDS, RECORDS = tonumber(arg and arg[1]) or 15, 1000

local RECORD = '{"id":"%d","org_uuid":"%08x-5b1c-4e0a-9f3e-%012x","full_name":"First%d Last%d",'
  .. '"email":"first%d.last%d@example.com","integration_user_ids":[%s],'
  .. '"additional_fields":{"region":"%s","team":"t%d"},"version":"512",'
  .. '"created_at":%d,"updated_at":%d}'

-- A page of contributors, shaped as the API's; the same on every run.
local function page()
  math.randomseed(7)
  local records = {}
  for i = 1, RECORDS do
    local ids = {}
    for k = 1, math.random(0, 2) do
      ids[k] = ('{"integration_id":"%d","user_id":"712020:%08x-%04x"}'):format(
        5000 + math.random(400), math.random(0, 2 ^ 31), math.random(0, 65535))
    end
    records[i] = RECORD:format(i, math.random(0, 2 ^ 31), math.random(0, 2 ^ 40), i, i * 7, i,
      i * 7, table.concat(ids, ","), ({ "emea", "apac", "amer" })[i % 3 + 1], i % 17,
      1700000000000 + i * 7919, 1700000000000 + i * 104729)
  end
  return "[" .. table.concat(records, ",") .. "]"
end

-- Microseconds per record.
local function measure(job)
  local best = math.huge
  for _ = 1, ROUNDS do
    collectgarbage()
    local from = os.clock()
    for _ = 1, 10 do job() end
    best = math.min(best, os.clock() - from)
  end
  return best / 10 / RECORDS * 1e6
end

local text = page()
local value = sei.json.decode(text)
local three = { fields = { "id", "email", "full_name" } }
local in_order = { canonical = true }

local decoding = measure(function() cjson.decode(text) end)
local encoding = measure(function() cjson.encode(value) end)

local rows = {
  { "decode, all fields", decoding, function() sei.json.decode(text) end },
  { "decode, three fields", decoding, function() sei.json.decode(text, three) end },
  { "encode", encoding, function() sei.json.encode(value) end },
  { "encode, canonical", encoding, function() sei.json.encode(value, in_order) end },
}

print "| job | ours, µs a record | lua-cjson | ratio |\n|---|---|---|---|"
for _, row in ipairs(rows) do
  local ours = measure(row[3])
  print(("| %s | %.2f | %.2f | %.2f |"):format(row[1], ours, row[2], ours / row[2]))
end
