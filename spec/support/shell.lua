--- Running programs from a spec: quoting, output, status, a folder of its own.
-- @module spec.support.shell
local shell = {}

--- One word for sh.
function shell.quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

--- Many words for sh, one command line.
-- @tparam {string,...} words
-- @treturn string
function shell.join(words)
  local quoted = {}
  for i, word in ipairs(words) do quoted[i] = shell.quote(word) end
  return table.concat(quoted, " ")
end

--- Runs a command line of sh and waits for it. A sanitizer's runtime is not
-- handed on: it is for Lua alone, see shell.lua() (the command `sei` brings it).
-- @tparam string command
-- @treturn string what it printed, standard error included
-- @treturn integer its exit status; 128 + N after signal N
function shell.run(command)
  local pipe = assert(io.popen(
    "unset LD_PRELOAD; { " .. command .. "\n} 2>&1 </dev/null", "r"))
  local text = pipe:read("a")
  local _, how, status = pipe:close()
  return text, how == "signal" and 128 + status or status
end

--- The words that start Lua so that it can load our modules.
-- @treturn string for a command line of sh
function shell.lua()
  local preload = os.getenv "LD_PRELOAD" or ""
  return preload == "" and "lua5.4" or "env LD_PRELOAD=" .. shell.quote(preload) .. " lua5.4"
end

--- The folder that make builds into.
function shell.build()
  return os.getenv "SEI_BUILD" or "build"
end

--- Runs a command that makes something in the checkout, without what an outer
-- make handed down. Specs run side by side: one waits for the other here, since
-- two makes in one folder would write the same files.
-- @tparam string command
-- @treturn string what it printed
-- @treturn integer its exit status
function shell.making(command)
  return shell.run(("flock %s env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS %s"):format(
    shell.quote(shell.build() .. "/lock"), command))
end

--- Runs make in the checkout.
-- @tparam string words of its command line
-- @treturn string what it printed
-- @treturn integer its exit status
function shell.make(words)
  return shell.making(("make -s DEPS=no SANITIZE=%s %s"):format(
    shell.quote(os.getenv "SEI_SANITIZE" or ""), words))
end

--- A new empty folder. The caller removes it: shell.remove(path).
function shell.folder()
  return (shell.run "mktemp -d":gsub("\n$", ""))
end

--- Writes a file that nobody else may read, as one with a key must be.
function shell.private_file(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  assert(os.execute("chmod 600 " .. shell.quote(path)))
end

function shell.remove(path)
  assert(path:find "^/.+/.+", "not a folder that shell.folder() made")
  shell.run("rm -rf -- " .. shell.quote(path))
end

--- The files that a sh pattern names, sorted.
function shell.files(pattern)
  local list = {}
  for name in shell.run("ls -d " .. pattern .. " || true"):gmatch "[^\n]+" do
    if not name:find "^ls: " then list[#list + 1] = name end
  end
  return list
end

return shell
