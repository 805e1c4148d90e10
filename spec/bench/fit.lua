-- fit - how fast something grows: the exponent of a power law.
local fit = {}

--- The slope of the straight line that comes nearest to the points' logarithms
-- (least squares): 1 where twice as many take twice as long. Needs two points with
-- different, positive coordinates; else nil.
-- @tparam {{number,number},...} points
-- @treturn ?number
function fit.exponent(points)
  local n, sx, sy, sxx, sxy = 0, 0, 0, 0, 0
  for _, point in ipairs(points) do
    if point[1] > 0 and point[2] > 0 then
      local x, y = math.log(point[1]), math.log(point[2])
      n, sx, sy, sxx, sxy = n + 1, sx + x, sy + y, sxx + x * x, sxy + x * y
    end
  end
  local spread = n * sxx - sx * sx
  return n > 1 and spread > 1e-9 and (n * sxy - sx * sy) / spread or nil
end

--- The exponent of what is beyond a fixed cost, from three points whose x grow by one
-- factor: that of the steps between them. nil: it does not grow.
-- @tparam {{number,number},...} points
-- @treturn ?number
function fit.beyond(points)
  local a, b, c = points[1], points[2], points[3]
  local first, second = b[2] - a[2], c[2] - b[2]
  if first <= 0 or second <= 0 then return nil end
  return math.log(second / first) / math.log((c[1] - b[1]) / (b[1] - a[1]))
end

--- What one more adds: the slope between the first and the last point.
-- @tparam {{number,number},...} points
-- @treturn number
function fit.each(points)
  local first, last = points[1], points[#points]
  return (last[2] - first[2]) / (last[1] - first[1])
end

return fit
