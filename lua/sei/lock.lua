--- One writer per account.
--
-- The lock is a file below `$XDG_STATE_HOME/sei/lock` (`~/.local/state/sei/lock`
-- where that is not set), named after the account; another folder can be given,
-- one that several users of a machine share for instance. The system holds the
-- lock and gives it back when its owner ends, however it ends; the file itself
-- stays, with nobody's name in it.
-- @module sei.lock

local core = require "sei.core"

local lock = {}

-- Where locks are, by the XDG base directory specification.
local function folder()
  local state = os.getenv "XDG_STATE_HOME"
  if state and state:sub(1, 1) == "/" then return state .. "/sei/lock" end
  local home = os.getenv "HOME"
  if home and home ~= "" then return home .. "/.local/state/sei/lock" end
  return nil, core.error { kind = "io", message = "there is no folder for the lock file",
    hint = "set HOME or XDG_STATE_HOME, or give the option 'lock'" }
end

--- The folder of the lock files where none is given.
-- @treturn ?string path; or nil and an error object
function lock.folder() return folder() end

-- The account's name in the file's name, and a digest of all that names it: two
-- targets never share a file.
local function name_of(target)
  local text = target.base_url .. "\n" .. (target.account or "")
  local shown = target.account or target.base_url:match "^%a+://([^/]+)" or "account"
  return shown:gsub("[^%w.-]", "_"):sub(1, 40) .. "-" .. core.digest.sha256(text):sub(1, 16)
    .. ".lock"
end

-- "3 minutes", of seconds.
local function age(seconds)
  if seconds < 120 then return ("%d seconds"):format(math.max(0, seconds)) end
  if seconds < 7200 then return ("%d minutes"):format(seconds // 60) end
  return ("%d hours"):format(seconds // 3600)
end

local function refused(path, text)
  local owner = core.json.decode(text)
  owner = type(owner) == "table" and owner or {}
  local who = owner.pid and ("process %s of %s on %s"):format(owner.pid, owner.user, owner.host)
    or "another process"
  local since = math.type(owner.since) == "integer"
    and (" for %s (since %s)"):format(age(os.time() - owner.since), owner.started) or ""
  return nil, core.error { kind = "refused", code = "lock", file = path, owner = owner,
    message = ("%s is writing to this account%s"):format(who, since),
    hint = "wait until it is done; the lock is free as soon as that process ends" }
end

local Lock = {}
Lock.__index = Lock

-- Gives it back; safe to call twice.
function Lock:release() self.file:release() end

Lock.__close = Lock.release

--- Takes an account's lock, without waiting.
-- @tparam table target `base_url`, `account`
-- @tparam ?string where the folder of the lock files
-- @treturn ?table `path`, with the method `release`; or nil and an error object, of kind "refused"
-- with `owner` ({pid=, host=, user=, started=, since=}) if another process has it
function lock.take(target, where)
  local place, err = where, nil
  if not place then place, err = folder() end
  if not place then return nil, err end
  local path = place .. "/" .. name_of(target)
  local me = core.journal.me()
  me.since, me.started = os.time(), os.date "!%Y-%m-%dT%H:%M:%SZ"
  me.base_url, me.account = target.base_url, target.account
  local file, problem = core.journal.lock(path, assert(core.json.encode(me, { canonical = true })))
  if file then return setmetatable({ path = path, file = file }, Lock) end
  if file == false then return refused(path, problem) end
  return nil, problem
end

return lock
