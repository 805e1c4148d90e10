--- Who may come in: a key in any of the four styles (api.md section 2).
local auth = {}

-- The key and the style that it came in; or nil.
local function presented(headers)
  local key = headers["x-api-key"]
  if key then return key, "x-api-key" end
  local text = headers.authorization
  if not text then return nil end
  local scheme, rest = text:match "^(%S+)%s+(%S.*)$"
  if not scheme then return text, "raw" end
  scheme = scheme:lower()
  if scheme == "apikey" or scheme == "bearer" then return rest, scheme end
  return nil
end

-- Visible ASCII, and no more than a header's worth of it.
local function well_formed(key) return #key <= 4096 and key:find "^[\33-\126]+$" ~= nil end

--- Checks a request.
-- @tparam ?string wanted the only key that is right; nil: any that is well-formed
-- @tparam ?table styles set of the styles that are right; nil: all four
-- @treturn[1] string the key
-- @treturn[1] string its style
-- @treturn[2] nil
-- @treturn[2] string why not, for the error's text
function auth.check(headers, wanted, styles)
  local key, style = presented(headers)
  if not key then return nil, "Invalid payload or missing authorization." end
  if not well_formed(key) then return nil, "The API key is malformed." end
  if styles and not styles[style] then return nil, "This kind of authorization is not accepted." end
  if wanted and key ~= wanted then return nil, "The API key is not valid." end
  return key, style
end

return auth
