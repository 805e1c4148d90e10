--- One method of the client for each row of the endpoint table.
--
-- The kind of a row decides the method's signature:
--
-- * `get_*(options)` → the value; or nil, err
-- * `list_*(options)` → an iterator over records; it raises an error object
-- * `download_*{file=}` → {file=, bytes=}; `{to=function}` → {rows=}; or nil,
--   err; with neither an iterator over rows. `fields` and `row` say what is
--   handed over of a row, as for `sei.csv.read`
-- * `patch_*(rows, options)` and the like → a report; or nil, err. Those whose rows
--   fit into columns also take `{file=, …}`: the rows of a CSV file
-- * `upload_*{file= | rows=}` → a report; or nil, err
-- * `map_developer_fields(version_id, value, options)`,
--   `activate_developers(version_id, options)`, `activate_version(version, options)` → the reply;
--   or nil, err
--
-- @module sei.endpoint

local attempt = require "sei.attempt"
local core = require "sei.core"
local wait = require "sei.wait"

--- Reads the key source when the first request needs the key; the account that the
-- key names is known from then on. Raises an error object of kind "auth" if there is none to be
-- had.
-- @function need_key
-- @tparam client client
local function need_key(client)
  if core.has_key(client) then return end
  local value, problem = core.state(client).key()
  if type(value) == "string" then
    local ok
    ok, problem = core.set_key(client, value, core.state(client).renews)
    if ok then return end
  end
  error(core.error { kind = "auth", message = type(problem) == "string" and problem
    or "the key source gave no string but " .. type(value),
    hint = "see the option api_key of sei.client" }, 0)
end

local function settle(client, ok, ...)
  if ok then return ... end
  local problem = ...
  if type(problem) == "string" then
    local clean, text = pcall(core.scrub, client, problem)
    problem = clean and text or problem
  end
  error(problem, 0)
end

-- The function f, whose messages show no key even where a caller mixed up the
-- arguments.
local function discreet(client, f)
  return function(...) return settle(client, pcall(f, ...)) end
end

local kinds = {}

local function get(client, name, options)
  need_key(client)
  local call <close> = core.call(client, name, options, {})
  local value, err = wait.result(call)
  if value == nil then return nil, err end
  return value
end

function kinds.object(name)
  return function(client, options)
    options = attempt.check(2, discreet(client, core.check_call), name, options)
    return attempt.call(get, client, name, options)
  end
end

function kinds.list(name)
  return function(client, options)
    local walk = attempt.check(2, discreet(client, core.walk), client, name, options)
    need_key(client)
    return walk, nil, nil, walk
  end
end

local function download(client, name, options)
  local to = require "sei.download"
  need_key(client)
  if options.file then return to.to_file(client, name, options) end
  return to.to_function(client, name, options)
end

function kinds.download(name)
  return function(client, options)
    options = attempt.check(2, discreet(client, core.check_call), name, options)
    if options.file and options.to then
      error(name .. " takes either the option 'file' or 'to', not both", 2)
    end
    local of_rows = options.file and (options.fields and "fields" or options.row and "row")
    if of_rows then
      error(("%s takes the option '%s' for rows, not for a 'file'"):format(name, of_rows), 2)
    end
    if options.file or options.to then return attempt.call(download, client, name, options) end
    need_key(client)
    local rows = core.download(client, name, options)
    return rows, nil, nil, rows
  end
end

local function send_rows(client, name, rows, options)
  need_key(client)
  local write = require "sei.write"
  if options.file then return write.file(client, name, options) end
  return write.rows(client, name, rows, options)
end

-- f{file=, …} rather than f(rows, {…}).
local function names_file(rows)
  return type(rows) == "table" and getmetatable(rows) == nil and rows.file ~= nil
    and rows[1] == nil
end

function kinds.rows(name)
  return function(client, rows, options)
    local alone = options == nil and names_file(rows)
    if alone then options = rows end
    options = attempt.check(2, discreet(client, core.check_call), name, options)
    if not alone then
      attempt.check(2, discreet(client, require "sei.write".check_rows), rows, name, options)
    end
    return attempt.call(send_rows, client, name, rows, options)
  end
end

local function upload(client, name, options)
  need_key(client)
  return require "sei.write".upload(client, name, options)
end

function kinds.upload(name)
  return function(client, options)
    options = attempt.check(2, discreet(client, core.check_call), name, options)
    attempt.check(2, discreet(client, require "sei.write".check_upload), client, name, options)
    return attempt.call(upload, client, name, options)
  end
end

local function send(client, name, version_id, value, options)
  need_key(client)
  local call <close> = core.call(client, name, options,
    { version_id = version_id, value = value })
  local reply, err = wait.result(call)
  if reply == nil then return nil, err end
  return reply
end

local function check_send(name, version_id, value, takes_body)
  if (type(version_id) ~= "string" or version_id == "") and math.type(version_id) ~= "integer" then
    error(("bad argument #1 to '%s' (version id as string or integer expected, got %s)")
      :format(name, version_id == nil and "nothing" or type(version_id)), 0)
  end
  if takes_body and type(value) ~= "table" then
    error(("bad argument #2 to '%s' (table expected, got %s)"):format(name,
      value == nil and "nothing" or type(value)), 0)
  end
end

-- Seen, and not promised by the vendor (api.md section 4 no. 3): off until asked for.
local UNDOCUMENTED <const> = { activate_version = true }

local function check_allowed(client, name)
  if not UNDOCUMENTED[name] or core.state(client).undocumented then return end
  error(("%s is not documented by the vendor; sei.client { undocumented = true } allows it")
    :format(name), 0)
end

--- Raises unless a call of kind "send" could be made.
-- @function check_sent
-- @tparam client client
-- @tparam table row of core.endpoints
-- @param version_id as it was given
-- @param value its body, where it takes one
local function check_sent(client, row, version_id, value)
  check_send(row.name, version_id, value, row.takes_body)
  check_allowed(client, row.name)
end

function kinds.send(name, row)
  if not row.takes_body then
    return function(client, version_id, options)
      options = attempt.check(2, discreet(client, core.check_call), name, options)
      attempt.check(2, discreet(client, check_send), name, version_id)
      attempt.check(2, check_allowed, client, name)
      return attempt.call(send, client, name, version_id, nil, options)
    end
  end
  return function(client, version_id, value, options)
    options = attempt.check(2, discreet(client, core.check_call), name, options)
    attempt.check(2, discreet(client, check_send), name, version_id, value, true)
    return attempt.call(send, client, name, version_id, value, options)
  end
end

for _, row in ipairs(core.endpoints) do
  core.client_methods[row.name] = kinds[row.kind](row.name, row)
end

return { need_key = need_key, check_sent = check_sent }
