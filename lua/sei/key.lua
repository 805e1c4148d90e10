--- Where the API key comes from.
--
-- A key may be given to `sei.client` as a string, as one of the sources made
-- here, or as a function that returns it. A source is read when the first
-- request needs the key. It never shows what it read.
-- @module sei.key

local key = {}

local source = { __name = "sei.key" }

function source.__call(self) return self.read() end

function source.__tostring(self) return self.text end

local function new(text, read)
  return setmetatable({ text = text, read = read }, source)
end

local function check(value, name)
  if type(value) ~= "string" or value == "" then
    error(("bad argument #1 to '%s' (string expected, got %s)")
      :format(name, value == "" and "an empty one" or type(value)), 3)
  end
end

-- The first line is the key; editors and commands end it with a line break.
local function first_line(text)
  return text and text:match "^%s*([^\r\n]-)%s*[\r\n]" or text and text:match "^%s*(.-)%s*$"
end

--- The key is in an environment variable.
-- @tparam string name
-- @treturn table a source
function key.env(name)
  check(name, "env")
  return new(("sei.key.env(%q)"):format(name), function()
    local value = first_line(os.getenv(name))
    if value and value ~= "" then return value end
    return nil, ("the environment variable %s is %s"):format(name, value and "empty" or "not set")
  end)
end

--- The key is the first line of a file.
-- @tparam string path
-- @treturn table a source
function key.file(path)
  check(path, "file")
  return new(("sei.key.file(%q)"):format(path), function()
    local file, problem = io.open(path, "r")
    if not file then return nil, "the key file cannot be read: " .. problem end
    local text, why = file:read(65536)
    file:close()
    local value = first_line(text)
    if value and value ~= "" then return value end
    return nil, ("the key file %s is empty%s"):format(path, why and ": " .. why or "")
  end)
end

-- POSIX shells pass a word in single quotes as it is.
local function quote(word) return "'" .. word:gsub("'", [['\'']]) .. "'" end

--- The key is the first line that a command prints: a password manager's,
-- for one. No shell looks at the words.
-- @tparam {string,...} argv the command and its arguments
-- @treturn table a source
function key.command(argv)
  if type(argv) ~= "table" or #argv == 0 then
    error("bad argument #1 to 'command' (array of strings expected, got " .. type(argv) .. ")", 2)
  end
  local words = {}
  for i, word in ipairs(argv) do
    if type(word) ~= "string" or word:find "\0" then
      error(("bad argument #1 to 'command' (word %d is not a string)"):format(i), 2)
    end
    words[i] = quote(word)
  end
  local name = argv[1]
  return new(("sei.key.command{%q, …}"):format(name), function()
    local pipe, problem = io.popen(table.concat(words, " "), "r")
    if not pipe then return nil, ("the key command %s cannot start: %s"):format(name, problem) end
    local text = pipe:read(65536)
    local ok, how, code = pipe:close()
    if not ok then
      return nil, ("the key command %s failed (%s %s)"):format(name, how, code)
    end
    local value = first_line(text)
    if value and value ~= "" then return value end
    return nil, ("the key command %s printed nothing"):format(name)
  end)
end

--- Whether a value can be called.
local function callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

--- Checks what was given as `api_key` and makes it a function.
-- @return the function, or nil and what is wrong with it
function key.source(value)
  if callable(value) then return value end
  if type(value) == "string" then return function() return value end end
  return nil, ("string, sei.key source or function expected, got %s"):format(
    value == nil and "nothing" or type(value))
end

return key
