-- contest - who takes part in the benchmark: how each is started, for which
-- jobs, and how to find out whether it can be.
local contest = {}

local PEERS <const> = "spec/bench/peers/"
local LISTS <const> = { list = true, list3 = true }

local function python(file) return { "/usr/bin/python3", PEERS .. file } end

local function jobs(...)
  local set = {}
  for _, name in ipairs { ... } do set[name] = true end
  return set
end

-- In the order of the report. `commands`: for some jobs another one. `probe`: a
-- shell command that succeeds where the contestant can run; `paged`: asks page by
-- page; `slow`: takes seconds where others take tenths; `floor`: no client, but
-- what no client can beat; `no_sum`: has nothing to show that could be compared;
-- `behind`: never the best peer so far, so that a quick run has it in one heat alone.
function contest.all(programs)
  local function built(name) return { programs .. name }, "test -x " .. programs .. name end
  local floor, has_floor = built "floor"
  local simdjson, has_simdjson = built "simdjson"
  local list, has_list = built "list_go"
  local csv, has_csv = built "csv_go"
  local upload, has_upload = built "upload_go"
  return {
    { name = "sei", command = { "lua5.4", PEERS .. "sei.lua" },
      commands = { first = { "lua5.4", PEERS .. "first.lua" } },
      probe = "lua5.4 -e 'require[[sei]]'",
      jobs = jobs("list", "list3", "first", "csv_spans", "csv_values", "csv_arrays", "csv_named",
        "csv_down", "make_rows", "upload_rows", "upload_file", "upload_form") },
    { name = "libcurl download", floor = true, no_sum = true, command = floor,
      probe = has_floor, package = "libcurl4-openssl-dev", jobs = jobs("list", "first") },
    { name = "libcurl + simdjson", floor = true, command = simdjson, probe = has_simdjson,
      package = "g++, libsimdjson-dev", jobs = LISTS },
    { name = "Go net/http", command = list, probe = has_list, package = "golang-go",
      jobs = LISTS },
    { name = "Go encoding/csv", command = csv, probe = has_csv, package = "golang-go",
      jobs = jobs("csv_spans", "csv_values", "csv_arrays", "csv_down") },
    { name = "Go upload", command = upload, probe = has_upload, package = "golang-go",
      jobs = jobs("make_rows", "upload_rows", "upload_file") },
    { name = "Tarantool", command = { "tarantool", PEERS .. "tarantool.lua" },
      probe = "tarantool -e 'os.exit(0)'", package = "tarantool", jobs = LISTS },
    { name = "luasocket + cjson", paged = true, command = { "lua5.4", PEERS .. "luasocket.lua" },
      probe = "lua5.4 -e 'require[[socket.http]] require[[cjson]]'",
      package = "lua-socket, lua-cjson", jobs = LISTS },
    { name = "lua-http + cjson", behind = true, command = { "lua5.1", PEERS .. "luahttp.lua" },
      probe = "lua5.1 -e 'require[[http.client]] require[[cjson]]'",
      package = "lua5.1, lua-http, lua-cjson", jobs = LISTS },
    { name = "pure Lua", slow = true, command = { "lua5.4", PEERS .. "csv.lua" }, probe = "true",
      jobs = jobs "csv_named" },
    { name = "Python requests", behind = true, paged = true, command = python "requests_peer.py",
      probe = "/usr/bin/python3 -c 'import requests'", package = "python3-requests",
      jobs = LISTS },
    { name = "Python aiohttp", behind = true, command = python "aiohttp_peer.py",
      probe = "/usr/bin/python3 -c 'import aiohttp'", package = "python3-aiohttp", jobs = LISTS },
    { name = "Python csv", slow = true, command = python "csv_peer.py",
      probe = "/usr/bin/python3 -c 'import csv'", package = "python3",
      jobs = jobs("csv_arrays", "csv_named") },
    { name = "curl + jq", behind = true, paged = true, slow = true,
      command = { "sh", PEERS .. "curl_jq.sh" },
      probe = "command -v curl && command -v jq", package = "curl, jq", jobs = LISTS },
    { name = "curl -F", command = { "sh", PEERS .. "curl_form.sh" }, probe = "command -v curl",
      package = "curl", jobs = jobs "upload_form" },
  }
end

-- Those that can run, by name too, and those that cannot.
function contest.present(programs)
  local there, left_out = {}, {}
  for _, one in ipairs(contest.all(programs)) do
    if os.execute("{ " .. one.probe .. "; } >/dev/null 2>&1 </dev/null") then
      there[#there + 1] = one
      there[one.name] = one
    else
      left_out[#left_out + 1] = { name = one.name,
        why = ("cannot be run here (packages: %s)"):format(one.package or "-") }
    end
  end
  return there, left_out
end

return contest
