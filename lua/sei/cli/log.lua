--- The lines that --verbose and --log show, without anybody's address.
local core = require "sei.core"

local log = {}

-- j***@example.com, in a URL as well.
local AT <const> = { "@", "%%40", "\\u0040" }
local LOCAL <const> = "([%w\128-\255])[%w%._%+%-'%%\128-\255]*"

--- A line with addresses masked.
-- @tparam string line
-- @treturn string
function log.mask(line)
  for _, at in ipairs(AT) do
    line = line:gsub(LOCAL .. "(" .. at .. ")(%w)", "%1***%2%3")
  end
  return line
end

local function open(path)
  local file, problem = io.open(path, "a")
  if file then
    file:setvbuf "line"
    return file
  end
  error(core.error { kind = "io", file = path, message = problem }, 0)
end

--- The option `log` of sei.client for a command.
-- @tparam table args `verbose`, `log` (a path), `log_level`, `log_addresses`
-- @tparam table progress its bar is taken away before a line
-- @treturn ?table nil: nobody wants lines
function log.option(args, progress)
  if not args.verbose and not args.log then return nil end
  local file = args.log and open(args.log)
  local function put(line)
    if not args.log_addresses then line = log.mask(line) end
    if file then assert(file:write(line, "\n")) end
    if args.verbose then
      progress:clear()
      io.stderr:write(line, "\n")
    end
  end
  return { to = put, level = args.log_level or "info" }
end

return log
