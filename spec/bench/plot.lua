-- plot - a chart with logarithmic axes as an SVG file: every line named at its
-- end, diagonals for "so much a record" behind them, light or dark as the
-- reader's screen is.
local escape = require "sei.report.body".escape

local plot = {}

local WIDTH <const>, HEIGHT <const> = 760, 460
local LEFT <const>, RIGHT <const>, TOP <const>, BOTTOM <const> = 76, 204, 64, 56
local LABEL_GAP <const> = 16

-- Colours that people with any eyes tell apart (Okabe and Ito, 2008), and
-- lighter ones of the same hues for a dark ground.
local LIGHT <const> = { "#0072b2", "#d55e00", "#008060", "#aa3377", "#8a6d00", "#555555",
  "#2a9bd6" }
local DARK <const> = { "#56b4e9", "#ff9248", "#2fd6a6", "#ee88c0", "#f0d050", "#c0c0c0",
  "#9ad4ff" }

local function style()
  local light, dark = {}, {}
  for i = 1, #LIGHT do
    light[i] = (".plot .c%d{--c:%s}"):format(i, LIGHT[i])
    dark[i] = (".plot .c%d{--c:%s}"):format(i, DARK[i])
  end
  return ([[
<style>
.plot{--ground:#fff;--ink:#1b1f24;--soft:#5b6470;--grid:#e3e6ea;--guide:#c3c9d1}
.plot{font:13px system-ui,sans-serif}
%s
.plot .ground{fill:var(--ground)}
.plot text{fill:var(--ink)}
.plot .title{font-size:16px;font-weight:600}
.plot .soft{fill:var(--soft);font-size:12px}
.plot .grid{stroke:var(--grid)}
.plot .axis{stroke:var(--soft)}
.plot .guide{stroke:var(--guide);stroke-dasharray:2 4}
.plot .line{fill:none;stroke:var(--c);stroke-width:2.2;stroke-linejoin:round}
.plot .dot{fill:var(--c);stroke:var(--ground);stroke-width:1.2}
.plot .leader{stroke:var(--c);stroke-width:.8;opacity:.7}
.plot .name{fill:var(--c);font-weight:600}
@media (prefers-color-scheme:dark){
.plot{--ground:#14171b;--ink:#eceff3;--soft:#a3adb9;--grid:#2a3038;--guide:#48515d}
%s
}
</style>]]):format(table.concat(light, "\n"), table.concat(dark, "\n"))
end

-- ---- scales ----

local function log10(x) return math.log(x, 10) end

-- The least and the largest of a coordinate, a little apart from the frame.
local function range(series, which)
  local low, high = math.huge, 0
  for _, one in ipairs(series) do
    for _, point in ipairs(one.points) do
      low, high = math.min(low, point[which]), math.max(high, point[which])
    end
  end
  return low, high
end

-- From a number to its place between two pixels.
local function scale(low, high, from, to)
  local a, b = log10(low), log10(high)
  return function(value) return from + (log10(value) - a) / (b - a) * (to - from) end
end

-- Powers of ten within; with their thirds where these are few.
local function ticks(low, high)
  local list = {}
  local thirds = log10(high / low) < 2.5
  for power = math.floor(log10(low)), math.ceil(log10(high)) do
    for _, factor in ipairs(thirds and { 1, 3 } or { 1 }) do
      local value = factor * 10.0 ^ power
      if value >= low * 0.999 and value <= high * 1.001 then list[#list + 1] = value end
    end
  end
  return list
end

-- ---- parts ----

local function axes(out, o, x, y, frame)
  for _, value in ipairs(ticks(frame.y_low, frame.y_high)) do
    local at = y(value)
    out(('<path class="grid" d="M%d %.1fH%d"/>'):format(LEFT, at, WIDTH - RIGHT))
    out(('<text class="soft" x="%d" y="%.1f" text-anchor="end">%s</text>'):format(LEFT - 8, at + 4,
      escape(o.y.show(value))))
  end
  for _, value in ipairs(ticks(frame.x_low, frame.x_high)) do
    local at = x(value)
    out(('<path class="axis" d="M%.1f %dv5"/>'):format(at, HEIGHT - BOTTOM))
    out(('<text class="soft" x="%.1f" y="%d" text-anchor="middle">%s</text>'):format(at,
      HEIGHT - BOTTOM + 20, escape(o.x.show(value))))
  end
  out(('<path class="axis" d="M%d %dH%d"/>'):format(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT))
  out(('<text class="soft" x="%.1f" y="%d" text-anchor="middle">%s</text>'):format(
    (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 42, escape(o.x.label)))
end

-- How near a place comes to any of what is drawn, in pixels squared.
local function nearness(px, py, taken)
  local least = math.huge
  for _, at in ipairs(taken) do
    least = math.min(least, (at[1] - px) ^ 2 + (at[2] - py) ^ 2)
  end
  return least
end

-- A diagonal: `each` of y for every one of x, from frame to frame; its label
-- stands where most room is.
local function guide(out, one, x, y, frame, taken)
  local from = math.max(frame.x_low, frame.y_low / one.each)
  local to = math.min(frame.x_high, frame.y_high / one.each)
  if to < from * 1.5 then return end
  local x1, y1, x2, y2 = x(from), y(from * one.each), x(to), y(to * one.each)
  local best, px, py = -1, nil, nil
  for step = 0, 12 do
    local t = step / 12
    local tx, ty = x1 + 60 + (x2 - x1 - 120) * t, y1 + (y2 - y1) * (60 / (x2 - x1)
      + t * (1 - 120 / (x2 - x1)))
    local room = nearness(tx, ty, taken)
    if room > best then best, px, py = room, tx, ty end
  end
  out(('<path class="guide" d="M%.1f %.1fL%.1f %.1f"/>'):format(x1, y1, x2, y2))
  local angle = math.deg(math.atan(y2 - y1, x2 - x1))
  out(('<text class="soft" text-anchor="middle" transform="translate(%.1f %.1f) rotate(%.1f)" '
    .. 'dy="-4">%s</text>'):format(px, py, angle, escape(one.label)))
end

-- Places that lines and their names take: for the labels of diagonals to keep
-- away from.
local function taken_by(series, x, y)
  local list = {}
  for _, one in ipairs(series) do
    for k, point in ipairs(one.points) do
      local px, py = x(point[1]), y(point[2])
      local before = one.points[k - 1]
      for step = 0, before and 4 or 0 do
        local bx, by = px, py
        if before then bx, by = x(before[1]), y(before[2]) end
        list[#list + 1] = { bx + (px - bx) * step / 4, by + (py - by) * step / 4 }
      end
      list[#list + 1] = { px, py }
      if k == #one.points then
        for step = 1, 4 do list[#list + 1] = { px + step * 40, py } end
      end
    end
  end
  return list
end

local function line(out, one, i, x, y)
  local words = {}
  for k, point in ipairs(one.points) do
    words[k] = ("%s%.1f %.1f"):format(k == 1 and "M" or "L", x(point[1]), y(point[2]))
  end
  out(('<g class="c%d"><path class="line" d="%s"/>'):format(i, table.concat(words)))
  for _, point in ipairs(one.points) do
    out(('<circle class="dot" cx="%.1f" cy="%.1f" r="3.6"><title>%s</title></circle>'):format(
      x(point[1]), y(point[2]), escape(one.tell(point))))
  end
  out "</g>"
end

-- Names at the ends of lines, so far apart that each can be read: from the top
-- down as near to their lines as the one above lets them, then up again where
-- they went beyond the frame.
local function spread(list)
  table.sort(list, function(a, b) return a.want < b.want end)
  local at = TOP
  for _, one in ipairs(list) do
    one.at = math.max(one.want, at)
    at = one.at + LABEL_GAP
  end
  local floor = HEIGHT - BOTTOM - 4
  for i = #list, 1, -1 do
    list[i].at = math.min(list[i].at, floor)
    floor = list[i].at - LABEL_GAP
  end
end

local function labels(out, series, x, y)
  local ends = {}
  for i, one in ipairs(series) do
    local last = one.points[#one.points]
    local group = ends[last[1]] or {}
    ends[last[1]] = group
    group[#group + 1] = { want = y(last[2]), x = x(last[1]), one = one, colour = i }
  end
  for _, group in pairs(ends) do
    spread(group)
    for _, label in ipairs(group) do
      out(('<g class="c%d"><path class="leader" d="M%.1f %.1fL%.1f %.1f"/>'):format(label.colour,
        label.x + 5, label.want, label.x + 16, label.at))
      out(('<text x="%.1f" y="%.1f"><tspan class="name">%s</tspan> <tspan class="soft">%s%s</tspan>'
        .. "</text></g>"):format(label.x + 19, label.at + 4, escape(label.one.name),
        escape(label.one.note or ""), label.one.power
        and ('<tspan dy="-5" font-size="10">%.2f</tspan>'):format(label.one.power) or ""))
    end
  end
end

local function frame_of(o)
  local x_low, x_high = range(o.series, 1)
  local y_low, y_high = range(o.series, 2)
  return { x_low = x_low / 1.15, x_high = x_high * 1.06,
    y_low = math.min(y_low / 1.5, o.y.low or math.huge),
    y_high = y_high * 1.5 }
end

--- A chart as the text of an SVG file.
-- @tparam table o `title`, `subtitle`; `x` and `y`: `label` (of x), `show` (a function: a tick's
-- text), `low` (of y: shown at least); `series`: array of { name, note, power (of the
-- note), points = {{x, y}, …}, tell = function(point) that gives a point's text }; `guides`: array
-- of { each = y per x, label }. All numbers are positive.
-- @treturn string
function plot.chart(o)
  local parts = {}
  local function out(text) parts[#parts + 1] = text end
  local frame = frame_of(o)
  local x = scale(frame.x_low, frame.x_high, LEFT, WIDTH - RIGHT)
  local y = scale(frame.y_low, frame.y_high, HEIGHT - BOTTOM, TOP)
  out(('<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 %d %d" width="%d" '
    .. 'height="%d" role="img" aria-label="%s">'):format(WIDTH, HEIGHT, WIDTH, HEIGHT,
    escape(o.title)))
  out(style())
  out(('<rect class="ground" width="%d" height="%d" rx="6"/>'):format(WIDTH, HEIGHT))
  out(('<text class="title" x="20" y="28">%s</text>'):format(escape(o.title)))
  out(('<text class="soft" x="20" y="47">%s</text>'):format(escape(o.subtitle)))
  axes(out, o, x, y, frame)
  local taken = taken_by(o.series, x, y)
  for _, one in ipairs(o.guides or {}) do guide(out, one, x, y, frame, taken) end
  for i, one in ipairs(o.series) do line(out, one, i, x, y) end
  labels(out, o.series, x, y)
  out "</svg>"
  return table.concat(parts, "\n") .. "\n"
end

return plot
