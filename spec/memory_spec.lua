-- Memory does not grow with the list: the peak of a child process that reads
-- everything and keeps nothing. The long runs, tagged #proof, are for
-- `make proof`; the same with fewer records is part of every test run.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

-- A sanitizer's or valgrind's own memory would be measured.
local plain = (os.getenv "SEI_SANITIZE" or "") == "" and (os.getenv "SEI_UNDER" or "") == ""
local measures = plain and it or pending

local SCRIPT <const> = [[
local sei = require "sei"
local client = sei.client { base_url = arg[1], api_key = "test-key", pace = false, retries = 0 }
local n = 0
%s
for line in io.lines "/proc/self/status" do
  local kib = line:match "^VmHWM:%%s+(%%d+)"
  if kib then print(n, kib) end
end]]

-- Runs a script that counts in `n`. Returns n and the peak of its memory, MiB.
local function measure(e, what, ...)
  local file = os.tmpname()
  local out = assert(io.open(file, "w"))
  out:write(SCRIPT:format(what))
  out:close()
  local text, status = shell.run(shell.lua() .. " " .. shell.join { file, e.url, ... })
  os.remove(file)
  assert.equal(0, status, text)
  local n, kib = text:match "^(%d+)\t(%d+)\n$"
  assert.is_truthy(n, text)
  return tonumber(n), tonumber(kib) / 1024
end

local DOWNLOAD <const> = "for _ in client:download_identities() do n = n + 1 end"
local TO_FUNCTION <const> = "n = client:download_identities { to = function() end }.rows"
local TO_FILE <const> = [[
  assert(client:download_identities { file = arg[2] })
  for line in io.lines(arg[2]) do n = n + (line:find "@" and 1 or 0) end]]
local LIST <const> = "for _ in client:list_contributors(%s) do n = n + 1 end"
local LICENSED <const> = "for _ in client:list_licensed() do n = n + 1 end"

local UPLOAD <const> = [[
  local rows = client:download_identities()
  assert(client:upload_identities { rows = function()
    local row = rows()
    if not row then return nil end
    row.integrationId, n = math.tointeger(row.integrationId), n + 1
    return row
  end })]]

local function under(limit, n, e, what, ...)
  local got, peak = measure(e, what, ...)
  assert.equal(n, got)
  assert.is_true(peak < limit, ("%.1f MiB, more than %d"):format(peak, limit))
  return peak
end

describe("memory, 50,000 records", function()
  local COUNT <const> = 50000
  local e

  setup(function() e = emulator.start { people = COUNT } end)
  teardown(function() e:stop() end)

  measures("is small while a CSV is read row by row", function()
    under(16, COUNT, e, DOWNLOAD)
    under(16, COUNT, e, TO_FUNCTION)
  end)

  measures("is small while a CSV is written to a file", function()
    local folder = shell.folder()
    under(16, COUNT, e, TO_FILE, folder .. "/identities.csv")
    shell.remove(folder)
  end)

  measures("is that of a few pages while pages are listed", function()
    under(28, COUNT, e, LIST:format "")
    under(32, COUNT, e, LIST:format "{ page_size = 1000 }")
    under(20, COUNT, e, LIST:format "{ page_size = 50 }")
  end)

  measures("is that of a few records while one long reply comes", function()
    under(18, COUNT, e, LICENSED)
  end)

  measures("does not depend on Lua's way to collect", function()
    for _, mode in ipairs { "generational", "incremental" } do
      under(32, COUNT, e, ("collectgarbage %q "):format(mode) .. LIST:format "")
    end
  end)

  -- up to 8 MiB of them are held, so that they can be sent again
  measures("is small while rows are uploaded", function()
    under(40, COUNT, e, UPLOAD)
  end)
end)

describe("memory, 1,000,000 records #proof", function()
  local COUNT <const> = 1000000
  local e

  setup(function() e = emulator.start { people = COUNT } end)
  teardown(function() e:stop() end)

  measures("stays under 32 MiB while a CSV is downloaded", function()
    local folder = shell.folder()
    print(("  CSV, row by row: %.1f MiB"):format(under(32, COUNT, e, DOWNLOAD)))
    print(("  CSV, to a file: %.1f MiB"):format(
      under(32, COUNT, e, TO_FILE, folder .. "/identities.csv")))
    shell.remove(folder)
  end)

  measures("stays under 64 MiB while contributors are listed", function()
    print(("  contributors: %.1f MiB"):format(under(64, COUNT, e, LIST:format "")))
    print(("  contributors, page_size 1000: %.1f MiB"):format(
      under(64, COUNT, e, LIST:format "{ page_size = 1000 }")))
  end)
end)
