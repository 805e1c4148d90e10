-- contest - who takes part in the benchmark: how each is started, and how to
-- find out whether it can be.
local contest = {}

local PEERS <const> = "spec/bench/peers/"

local function python(file) return { "/usr/bin/python3", PEERS .. file } end

-- In the order of the report. `probe`: a shell command that succeeds where the
-- contestant can run; `paged`: asks page by page; `slow`: takes seconds where
-- others take tenths; `floor`: no client, but what no client can beat.
function contest.all(programs)
  return {
    { name = "sei", command = { "lua5.4", PEERS .. "sei.lua" },
      probe = "lua5.4 -e 'require[[sei]]'" },
    { name = "libcurl download", floor = true, no_sum = true, command = { programs .. "floor" },
      probe = "test -x " .. programs .. "floor", package = "libcurl4-openssl-dev" },
    { name = "libcurl + simdjson", floor = true, command = { programs .. "simdjson" },
      probe = "test -x " .. programs .. "simdjson", package = "g++, libsimdjson-dev" },
    { name = "Go net/http", command = { programs .. "list_go" },
      probe = "test -x " .. programs .. "list_go", package = "golang-go" },
    { name = "Tarantool", command = { "tarantool", PEERS .. "tarantool.lua" },
      probe = "tarantool -e 'os.exit(0)'", package = "tarantool" },
    { name = "luasocket + cjson", paged = true, command = { "lua5.4", PEERS .. "luasocket.lua" },
      probe = "lua5.4 -e 'require[[socket.http]] require[[cjson]]'",
      package = "lua-socket, lua-cjson" },
    { name = "lua-http + cjson", command = { "lua5.1", PEERS .. "luahttp.lua" },
      probe = "lua5.1 -e 'require[[http.client]] require[[cjson]]'",
      package = "lua5.1, lua-http, lua-cjson" },
    { name = "Python requests", paged = true, command = python "requests_peer.py",
      probe = "/usr/bin/python3 -c 'import requests'", package = "python3-requests" },
    { name = "Python aiohttp", command = python "aiohttp_peer.py",
      probe = "/usr/bin/python3 -c 'import aiohttp'", package = "python3-aiohttp" },
    { name = "curl + jq", paged = true, slow = true, total = true,
      command = { "sh", PEERS .. "curl_jq.sh" },
      probe = "command -v curl && command -v jq", package = "curl, jq" },
  }
end

-- Those that can run, by name, and those that cannot.
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
