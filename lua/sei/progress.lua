--- How far a long job is: a bar on a terminal, now and then a plain line
-- anywhere else.
--
-- Nothing is shown of what takes less than a second on a terminal, or less than
-- ten elsewhere.
-- @module sei.progress

local core = require "sei.core"
local report = require "sei.report"

local progress = {}

local DELAY <const> = 1       -- seconds before a bar appears
local REDRAW <const> = 0.1    -- from one drawing to the next
local LINES <const> = 10      -- seconds from one plain line to the next
local SPAN <const> = 10       -- seconds over which a rate is measured
local SHORTEST <const>, LONGEST <const> = 12, 32 -- columns of a bar with its brackets

local methods = {}
methods.__index = methods

local function now() return (core.usage()) end

-- 12500 as 12,500
local function number(n)
  local text = ("%d"):format(math.floor(n))
  local head = #text % 3
  return (text:sub(1, head) .. text:sub(head + 1):gsub("%d%d%d", ",%0")):gsub("^,", "")
end

-- Seconds as 0:07 or 1:02:03.
local function span(seconds)
  local s = math.max(0, math.floor(seconds + 0.5))
  if s < 3600 then return ("%d:%02d"):format(s // 60, s % 60) end
  return ("%d:%02d:%02d"):format(s // 3600, s // 60 % 60, s % 60)
end

local function rate_text(rate)
  return rate >= 10 and number(rate) .. "/s" or ("%.1f/s"):format(rate)
end

--- Begins.
-- @tparam table options `terminal` (what sei.terminal.of gave), `quiet` (nothing is shown),
-- `clock` (a function; seconds on a clock that only goes on)
function progress.new(options)
  local clock = options.clock or now
  return setmetatable({ terminal = options.terminal, clock = clock,
    quiet = options.quiet, drawn = false, label = nil }, methods)
end

-- A new part of the job.
-- label: what is done, as "reading contributors"; total may be nil.
function methods:begin(label, total)
  local t = self.clock()
  self.label, self.total, self.done, self.note = label, total, nil, nil
  self.began, self.lined, self.samples = t, t, {}
  self:tick()
end

-- How far it is; total: if it is known now.
function methods:set(done, total)
  self.done, self.total, self.note = done, total or self.total, nil
  local samples, t = self.samples, self.clock()
  local last = samples[#samples]
  if not last or t - last[1] >= 0.5 then
    samples[#samples + 1] = { t, done }
    while #samples > 2 and t - samples[1][1] > SPAN do table.remove(samples, 1) end
  end
  self:tick()
end

-- Things a second of late, or nil.
local function rate_of(self, t)
  local first = self.samples[1]
  if not first or not self.done then return nil end
  local from, count = self.began, 0
  if t - self.began > SPAN then from, count = first[1], first[2] end
  return t - from > 0.2 and self.done > count and (self.done - count) / (t - from) or nil
end

-- The parts, in the order in which they stand: {text, how much it matters}.
local function parts_of(self, t)
  local total, done, rate = self.total, self.done, rate_of(self, t)
  local is_share = total and total > 0 and done ~= nil
  local left = is_share and rate and done < total and (total - done) / rate
  return {
    { self.label, 2 },
    { is_share and ("%d %%"):format(100 * math.min(done, total) // total), 1, bar = is_share },
    { done and (is_share and number(done) .. " of " .. number(total) or number(done)), 4 },
    { rate and rate_text(rate), 5 },
    { left and span(left) .. " left" or not is_share and span(t - self.began), 3 },
    { self.note, 2.5 },
  }
end

local function bar(columns, share)
  local inner = columns - 2
  local full = math.floor(inner * share)
  return "[" .. ("#"):rep(full) .. ("-"):rep(inner - full) .. "]"
end

-- What is shown now, within so many columns; plain: without a bar.
function methods:text(columns, plain)
  local parts, chosen, room = parts_of(self, self.clock()), {}, columns
  local order = { 1, 2, 3, 4, 5, 6 }
  table.sort(order, function(a, b) return parts[a][2] < parts[b][2] end)
  for _, i in ipairs(order) do
    local width = parts[i][1] and report.width(parts[i][1]) + 2
    if width and width - 2 <= room then chosen[i], room = true, room - width end
  end
  local words = {}
  for i, part in ipairs(parts) do
    if part.bar and not plain and chosen[i] and room >= SHORTEST then
      words[#words + 1] = bar(math.min(room, LONGEST), math.min(1, self.done / self.total))
    end
    if chosen[i] then words[#words + 1] = part[1] end
  end
  return table.concat(words, "  ")
end

-- To the beginning of what was drawn, all of it gone. A window that became
-- narrower since has wrapped it.
local function back(self, columns)
  local above = self.drawn and ((self.drawn_width or 0) - 1) // columns or 0
  return above > 0 and ("\r\27[%dA\27[J"):format(above) or "\r"
end

-- A window's last column stays free: some terminals begin a new line there.
local function draw(self, t)
  if t - self.began < DELAY or self.drawn and t - self.drawn < REDRAW then return end
  local file, columns = self.terminal.file, self.terminal:width()
  local text = self:text(math.max(1, columns - 1))
  file:write(back(self, columns), text, "\27[K")
  file:flush()
  self.drawn, self.drawn_width = t, report.width(text)
end

-- Shows what is due. To be called whenever something is waited for.
function methods:tick()
  if self.quiet or not self.label then return end
  local t = self.clock()
  if self.terminal.moves then
    draw(self, t)
  elseif t - self.lined >= LINES then
    self.lined = t
    self.terminal.file:write(self:text(math.huge, true), "\n")
    self.terminal.file:flush()
  end
end

-- Takes the bar away, so that something else can be written there.
function methods:clear()
  if not self.drawn then return end
  self.terminal.file:write(back(self, self.terminal:width()), "\27[K")
  self.terminal.file:flush()
  self.drawn = false
end

-- It is over. Safe to call twice.
function methods:close()
  self:clear()
  self.label = nil
end

methods.__close = methods.close

-- ---- what a client does ----

local READING <const> = { list = true, download = true, get = true }

-- list_contributors: reading contributors.
local function label_of(endpoint)
  local verb, what = endpoint:match "^(%a+)_(.+)$"
  return (READING[verb] and "reading " or "writing ") .. what:gsub("_", " ")
end

local function turn_to(self, endpoint)
  if self.endpoint ~= endpoint then
    self.endpoint = endpoint
    self:begin(label_of(endpoint))
  end
end

-- Adds hooks to the options of `sei.client`, by which what it does is shown.
-- They are changed (on_request, on_page, on_batch, on_retry) and returned.
function methods:watch(options)
  function options.on_request(e)
    if not self.label or e.attempt == 1 then turn_to(self, e.endpoint) end
  end
  function options.on_page(e)
    turn_to(self, e.endpoint)
    self:set(e.offset + e.count, e.total)
  end
  function options.on_batch(e)
    turn_to(self, e.endpoint)
    if e.rows then self:set(e.last or (self.done or 0) + e.rows) end
  end
  function options.on_retry(e)
    self.note = ("again in %s: %s"):format(span(e.delay or 0), e.reason or "it failed")
    self:tick()
  end
  return options
end

return progress
