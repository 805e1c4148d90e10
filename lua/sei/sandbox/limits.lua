--- Limits (api.md no. 9), counted over sliding windows.
local limits = {}

local LARGE <const> = 500000 -- characters of a body
local LARGE_SECONDS <const> = 10
local ADDRESS, ADDRESS_SECONDS <const> = 5000, 10

-- Lets one more into a window of so many seconds, if there is room.
local function admit(seen, name, now, most, seconds)
  local queue = seen[name] or { first = 1, last = 0 }
  seen[name] = queue
  while queue.first <= queue.last and queue[queue.first] <= now - seconds do
    queue[queue.first] = nil
    queue.first = queue.first + 1
  end
  if queue.last - queue.first + 1 >= most then return false end
  queue.last = queue.last + 1
  queue[queue.last] = now
  return true
end

--- Is the request within the limits?
-- @tparam table limit the quirk's value
-- @tparam table r the request
-- @tparam string key
-- @tparam string style
-- @tparam number now seconds
-- @treturn ?string what was exceeded
function limits.exceeded(limit, r, key, style, now)
  local seen = limit.seen
  if not admit(seen, "address", now, ADDRESS, ADDRESS_SECONDS) then
    return ("more than %d requests in %d seconds from one address"):format(ADDRESS, ADDRESS_SECONDS)
  end
  local most = style == "x-api-key" and limit.key or limit.scheme
  if not admit(seen, "key " .. key, now, most, limit.seconds) then
    return ("more than %d requests in %g seconds with one key"):format(most, limit.seconds)
  end
  if (utf8.len(r.body) or #r.body) > LARGE
      and not admit(seen, "large " .. key, now, 1, LARGE_SECONDS) then
    return ("more than one body over %d characters in %d seconds"):format(LARGE, LARGE_SECONDS)
  end
  return nil
end

local DAYS = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }
local LONG_DAYS = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
  "Dec" }

--- The value of Retry-After (RFC 9110, 10.2.3), its dates in each of the three
-- forms that HTTP has had.
-- @tparam table form the quirk's value
-- @tparam number time seconds since 1970
function limits.retry_after(form, time)
  if form.form == "seconds" then return tostring(form.seconds) end
  local t = os.date("!*t", math.ceil(time) + form.seconds)
  local day, long, month = DAYS[t.wday], LONG_DAYS[t.wday], MONTHS[t.month]
  local clock = ("%02d:%02d:%02d"):format(t.hour, t.min, t.sec)
  if form.form == "imf" then
    return ("%s, %02d %s %d %s GMT"):format(day, t.day, month, t.year, clock)
  elseif form.form == "rfc850" then
    return ("%s, %02d-%s-%02d %s GMT"):format(long, t.day, month, t.year % 100, clock)
  end
  return ("%s %s %2d %s %d"):format(day, month, t.day, clock, t.year)
end

return limits
