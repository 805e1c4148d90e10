--- Drives a real browser: Chromium without a window, by its WebDriver (W3C
-- WebDriver), one session a time.
--
--     local b = browser.start { width = 1280, height = 900, downloads = folder }
--     b:open "file:///…"
--     assert.equal("Plan", b:run "return document.title")
--     b:stop()
--
-- The driver chooses its own port on the loopback interface and tells it on its
-- standard output, so that nothing waits without knowing what for.
local dkjson = require "dkjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"

local browser = {}

local Browser = {}
Browser.__index = Browser

local ELEMENT <const> = "element-6066-11e4-a52e-4f735466cecf" -- W3C WebDriver, 11

--- The keys that have no character (W3C WebDriver, 17.4.2).
browser.KEYS = { tab = "\u{E004}", enter = "\u{E007}", shift = "\u{E008}", escape = "\u{E00C}",
  space = " ", up = "\u{E013}", down = "\u{E015}", home = "\u{E011}" }

--- Whether the browser and its driver are installed.
function browser.is_there()
  return os.execute "command -v chromedriver chromium >/dev/null 2>&1" == true
end

local function call(self, method, path, body)
  local text = body and dkjson.encode(setmetatable(body, { __jsontype = "object" }))
  local parts = {}
  local _, status = http.request { method = method, url = self.url .. path,
    headers = text and { ["Content-Type"] = "application/json", ["Content-Length"] = #text },
    source = text and ltn12.source.string(text), sink = ltn12.sink.table(parts) }
  local answer = dkjson.decode(table.concat(parts))
  local value
  if type(answer) == "table" then value = answer.value end
  if status ~= 200 then
    error(("%s %s: %s %s"):format(method, path, tostring(status),
      type(value) == "table" and tostring(value.message) or ""), 3)
  end
  return value
end

local function session(self, options)
  local arguments = { "--headless=new", "--disable-dev-shm-usage", "--disable-gpu",
    "--no-first-run", "--force-prefers-reduced-motion", ("--window-size=%d,%d"):format(
      options.width or 1280, options.height or 900) }
  -- Chromium refuses root its sandbox; what is opened here is our own file.
  if io.popen "id -u":read "l" == "0" then arguments[#arguments + 1] = "--no-sandbox" end
  local made = call(self, "POST", "/session", { capabilities = { alwaysMatch = {
    browserName = "chrome", ["goog:loggingPrefs"] = { browser = "ALL" },
    ["goog:chromeOptions"] = { args = arguments, prefs = {
      ["download.default_directory"] = options.downloads,
      ["download.prompt_for_download"] = false } } } } })
  return "/session/" .. made.sessionId
end

--- Starts driver and browser.
-- @tparam table options `width`, `height` in pixels; `downloads`: a folder
-- @treturn Browser
function browser.start(options)
  local child = assert(io.popen("exec chromedriver --port=0 2>/dev/null", "r"))
  local self = setmetatable({ child = child }, Browser)
  for line in child:lines() do
    local port = line:match "on port (%d+)%."
    if port then
      self.url = "http://127.0.0.1:" .. port
      break
    end
  end
  assert(self.url, "chromedriver did not start")
  self.session = session(self, options)
  return self
end

-- One command of the session.
function Browser:call(method, path, body) return call(self, method, self.session .. path, body) end

--- Ends the browser and its driver.
function Browser:stop()
  pcall(self.call, self, "DELETE", "")
  pcall(call, self, "GET", "/shutdown")
  self.child:close()
end

function Browser:open(url) self:call("POST", "/url", { url = url }) end

function Browser:reload() self:call("POST", "/refresh", {}) end

--- Runs JavaScript in the page; what it returns comes back.
function Browser:run(script, ...)
  return self:call("POST", "/execute/sync", { script = script,
    args = setmetatable({ ... }, { __jsontype = "array" }) })
end

--- Runs a command of the DevTools protocol.
function Browser:devtools(command, params)
  return self:call("POST", "/goog/cdp/execute", { cmd = command,
    params = setmetatable(params or {}, { __jsontype = "object" }) })
end

--- Clicks on the first element that a CSS selector finds, as a mouse would.
function Browser:click(selector)
  local found = self:call("POST", "/element", { using = "css selector", value = selector })
  -- Not to the edge of the window, where something may stay above the page.
  self:run("arguments[0].scrollIntoView({ block: 'center' })", found)
  self:call("POST", "/element/" .. found[ELEMENT] .. "/click", {})
end

--- Presses keys, one after the other, wherever the focus is.
-- @tparam string ... characters, and values of browser.KEYS
function Browser:press(...)
  local actions = {}
  for _, text in ipairs { ... } do
    for _, code in utf8.codes(text) do
      local key = utf8.char(code)
      actions[#actions + 1] = { type = "keyDown", value = key }
      actions[#actions + 1] = { type = "keyUp", value = key }
    end
  end
  self:call("POST", "/actions", { actions = { { type = "key", id = "keyboard",
    actions = actions } } })
end

--- Asks the page until a script returns something true; fails after a hundred times.
function Browser:await(script, ...)
  local value
  for _ = 1, 100 do
    value = self:run(script, ...)
    if value then return value end
    self:call("POST", "/execute/async", { args = setmetatable({}, { __jsontype = "array" }),
      script = "setTimeout(arguments[0], 30)" })
  end
  error("the page did not get there: " .. script, 2)
end

--- The text of a file that the browser downloads, once it is whole.
function Browser:downloaded(path)
  for _ = 1, 100 do
    local handle = io.open(path, "rb")
    if handle then
      local text = handle:read "a"
      handle:close()
      if text ~= "" then return text end
    end
    self:call("POST", "/execute/async", { args = setmetatable({}, { __jsontype = "array" }),
      script = "setTimeout(arguments[0], 30)" })
  end
  error("nothing was downloaded to " .. path, 2)
end

--- Light or dark, wide or narrow, screen or paper.
-- @tparam table how `scheme`: "light" or "dark"; `media`: "screen" or "print"; `width`, `height`
function Browser:look(how)
  if how.scheme or how.media then
    self:devtools("Emulation.setEmulatedMedia", { media = how.media or "screen",
      features = { { name = "prefers-color-scheme", value = how.scheme or "light" } } })
  end
  if how.width then
    self:devtools("Emulation.setDeviceMetricsOverride", { width = how.width,
      height = how.height or 900, deviceScaleFactor = 1, mobile = false })
  end
end

--- Writes what is seen to a PNG file.
-- @tparam string path
-- @tparam ?boolean whole the page, not only what the window shows
function Browser:picture(path, whole)
  local shot = self:devtools("Page.captureScreenshot", { format = "png",
    captureBeyondViewport = whole or false })
  local out = assert(io.open(path, "wb"))
  out:write((mime.unb64(shot.data)))
  out:close()
end

--- What the page wrote to its console, errors of its policy included.
-- @treturn {string,...}
function Browser:console()
  local list = {}
  for i, one in ipairs(self:call("POST", "/se/log", { type = "browser" })) do
    list[i] = one.message
  end
  return list
end

return browser
