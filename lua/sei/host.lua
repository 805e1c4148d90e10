--- What the host of this library has, and what would block it.
--
--     for _, row in ipairs(require "sei.host".look()) do print(row[1], row[2], row[3]) end
--
-- Called within a host it tells of that very process; `sei check --host` tells of
-- the command's.
-- @module sei.host

local core = require "sei.core"

local host = {}

-- A client has a descriptor for itself, and one for each connection: at most 64 (option
-- `window`); the host has its own.
local FEW <const> = 128

-- What each waiting adapter loads (see sei.wait).
local ADAPTERS <const> = { { "luv", "luv" }, { "cqueues", "cqueues" },
  { "prosody", "util.async" } }

local function note(list, level, name, text, ...)
  list[#list + 1] = { level, name, select("#", ...) > 0 and text:format(...) or text }
end

-- ---- libraries ----

local function add_libraries(list, facts)
  note(list, _VERSION == "Lua 5.4" and "ok" or "no", "Lua", facts.lua)
  if facts.problem then
    note(list, "no", "libcurl", facts.problem)
  else
    note(list, "ok", "libcurl", "%s%s%s", facts.curl, facts.http2 and ", HTTP/2" or "",
      facts.ipv6 and ", IPv6" or ", no IPv6")
    note(list, facts.tls and "ok" or "no", "TLS", facts.tls or "libcurl was built without it")
  end
  note(list, "ok", "zlib", facts.zlib)
  note(list, "ok", "utf8proc", facts.utf8proc)
  note(list, "ok", "libcrypto", facts.libcrypto)
end

-- ---- what blocks ----

local function add_resolver(list, facts)
  if not facts.asynch_dns then
    note(list, "no", "DNS", "libcurl looks names up in the step itself: a slow name server holds "
      .. "up the host's loop")
  elseif facts.ares then
    note(list, "ok", "DNS", "c-ares %s, does not block", facts.ares)
  else
    note(list, "ok", "DNS", "in a thread of libcurl's, does not block")
  end
end

local function add_certificates(list, facts, given)
  local path = given or facts.ca_file or facts.ca_path
  if not path then
    note(list, "--", "certificates", "libcurl names no file: the option ca_file does")
  elseif core.is_readable(path) then
    note(list, "ok", "certificates", path)
  else
    note(list, "no", "certificates", "%s cannot be read: no https without the option ca_file", path)
  end
end

-- A lock is taken and given back: some network drives have none.
local function add_lock(list, given)
  local lock = require "sei.lock"
  local folder, err = given, nil
  if not folder then folder, err = lock.folder() end
  if not folder then return note(list, "no", "lock", "%s; needed by apply alone", tostring(err)) end
  local path = ("%s/check-%d.lock"):format(folder, core.journal.me().pid)
  local file, problem = core.journal.lock(path, "{}")
  if not file then
    return note(list, "no", "lock", "%s; needed by apply alone", tostring(problem))
  end
  file:release()
  os.remove(path)
  note(list, "ok", "lock", "one writer per account, files in %s", folder)
end

-- ---- limits ----

local function add_limits(list, facts)
  local files = facts.open_files
  if files and files < FEW then
    note(list, "no", "open files", "%d, fewer than %d: ulimit -n%s", files, FEW,
      facts.most_open_files and (" (at most %d)"):format(facts.most_open_files) or "")
  else
    note(list, "ok", "open files", files and tostring(files) or "not limited")
  end
  note(list, "ok", "memory", facts.memory and ("%d MiB"):format(facts.memory // 1048576)
    or "not limited")
end

-- ---- waiting ----

local function is_found(name)
  return package.loaded[name] ~= nil or package.searchpath(name, package.path) ~= nil
    or package.searchpath(name, package.cpath) ~= nil
end

local function add_adapters(list, loads)
  note(list, "ok", "wait: block", "the default; holds up whoever calls")
  for _, row in ipairs(ADAPTERS) do
    local found, why = is_found(row[2]), nil
    if found and loads then found, why = pcall(require, row[2]) end
    note(list, found and "ok" or why and "no" or "--", "wait: " .. row[1], found and (loads
      and "can be loaded" or "is there") or why and tostring(why):match "^[^\n]*"
      or row[1] == "prosody" and "only within Prosody" or ("the module %s is not there")
      :format(row[2]))
  end
end

-- The decimal point of the locale; JSON is not touched by it.
local function add_locale(list)
  local name = os.setlocale(nil, "numeric") or "C"
  note(list, "ok", "locale", "numbers as in %s; JSON is the same in any", name)
end

--- Looks at this process. Nobody is asked over the network.
-- @tparam ?table given `ca_file`: the client's option; `lock`: the folder of lock files; `load`:
-- true loads the modules of event loops instead of only looking for them
-- @treturn {table,...} {level, name, text}: level is "ok", "no" (something will not work or blocks)
-- or "--" (not there, and not needed)
function host.look(given)
  given = require "sei.options".check("sei.host.look", given,
    { ca_file = "string", lock = "string", load = "boolean" })
  local list, facts = {}, core.host()
  add_libraries(list, facts)
  add_resolver(list, facts)
  add_certificates(list, facts, given.ca_file)
  add_limits(list, facts)
  add_lock(list, given.lock)
  add_adapters(list, given.load)
  add_locale(list)
  return list
end

return host
