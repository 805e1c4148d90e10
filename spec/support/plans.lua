--- Plans for the specs of apply and undo: a directory of a few people, made to
-- be loaded by the emulator, and plans for it without any rule.
local core = require "sei.core"
local directory = require "sei.plan.directory"
local dkjson = require "dkjson"
local emulator = require "spec.support.emulator"
local fields = require "sei.plan.fields"
local file = require "sei.plan.file"
local sei = require "sei"

local plans = {}

--- The number of the integration in which all accounts are.
plans.LAB = 5323

--- Contributors as the service exports them: "p1@x.example" with the identity
-- "p1" in LAB, and so on.
-- @tparam string path of the file to write
-- @tparam integer people
function plans.directory(path, people)
  local out = assert(io.open(path, "wb"))
  for i = 1, people do
    out:write(dkjson.encode { id = tostring(i), full_name = "Person " .. i,
      email = ("p%d@x.example"):format(i),
      org_uuid = ("00000000-0000-4000-8000-%012d"):format(i), version = "1",
      integration_user_ids = { { integration_id = tostring(plans.LAB), user_id = "p" .. i } },
      additional_fields = { region = i % 2 == 0 and "emea" or "apac", employee_no = i } }, "\n")
  end
  out:close()
end

--- An emulator with such a directory.
-- @tparam string folder for the file
-- @tparam integer people
function plans.emulator(folder, people)
  plans.directory(folder .. "/directory.jsonl", people)
  return emulator.start { load = { folder .. "/directory.jsonl" } }
end

--- A client of it, to be closed.
function plans.client(e, options)
  local all = { base_url = e.url, api_key = "a-key-to-apply", pace = false, retries = 0 }
  for name, value in pairs(options or {}) do all[name] = value end
  return sei.client(all)
end

local function email_of(i) return type(i) == "number" and ("p%d@x.example"):format(i) or i end

local function identity_rows(rows, there, wanted)
  for login, i in pairs(wanted) do
    local owner, email = there:owner(plans.LAB, login), email_of(i)
    rows[#rows + 1] = { what = "identity", integration_id = plans.LAB, identity = login,
      kind = not owner and "add" or owner == email and "keep" or "change",
      before = owner and { email = owner } or nil, after = { email = email } }
  end
end

local function field_rows(rows, there, wanted)
  for i, values in pairs(wanted) do
    local record = there:person(email_of(i))
    local row = { what = "contributor", kind = "change", id = record.id, email = record.email,
      before = {}, after = values, fingerprint = directory.fingerprint(record) }
    for name in pairs(values) do row.before[name] = fields.value(record, name) end
    rows[#rows + 1] = row
  end
end

--- A plan against what there is now, without inputs and rules.
-- @tparam client client
-- @tparam string path of the plan
-- @tparam ?table identities identity → number of a person, or an address
-- @tparam ?table values number of a person → {field = value}
-- @tparam ?table header members that replace those of the plan's header
-- @treturn table what sei.plan.file.write gives
function plans.write(client, path, identities, values, header)
  local rows = {}
  local there = directory.read(client, { accounts = true, whole = true })
  identity_rows(rows, there, identities or {})
  field_rows(rows, there, values or {})
  local full = { target = core.target(client), class = "certain", writes = "identities",
    inputs = {}, directory = { mappings = there.mappings, people = #there.people }, guards = {} }
  for name, value in pairs(header or {}) do full[name] = value end
  return assert(file.write(path, full, rows))
end

--- How many requests of a log wrote something.
function plans.writes(log)
  local n = 0
  for _, one in ipairs(log) do
    local reads = one.method == "GET" or one.method == "POST" and one.path:find "/list"
    if not reads then n = n + 1 end
  end
  return n
end

--- Applies what plans.write made, and approves it.
-- @tparam client client
-- @tparam table plan
-- @tparam string folder below which the locks are
-- @tparam ?table more options of sei.apply
function plans.apply(client, plan, folder, more)
  local options = { client = client, plan = plan.path, approve = plan.digest,
    lock = folder .. "/lock" }
  for name, value in pairs(more or {}) do options[name] = value end
  return sei.apply(options)
end

return plans
