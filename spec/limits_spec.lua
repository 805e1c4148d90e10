-- limits - a server that means ill, or a proxy gone mad: each excess is an error with a name, and
-- memory stays within bounds.
local pages = require "spec.support.pages"
local every = require "spec.support.every"
local wire = require "spec.support.wire_server"

local MIB <const> = 1024 * 1024

-- KiB of this process at its largest, from now on.
local function peak_reset()
  local file = assert(io.open("/proc/self/clear_refs", "w"))
  file:write "5"
  file:close()
end

local function peak()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmHWM:%s*(%d+) kB"
    if kib then return tonumber(kib) end
  end
end

-- A sanitizer's or valgrind's own memory would be measured.
local PLAIN <const> = (os.getenv "SEI_SANITIZE" or "") == ""
  and (os.getenv "SEI_UNDER" or "") == ""

-- Calls f; asserts that the process grew by less than so many MiB meanwhile.
local function bounded(mib, f)
  collectgarbage()
  peak_reset()
  local before = peak()
  f()
  local grown = (peak() - before) / 1024
  assert.is_true(not PLAIN or grown < mib, ("grew by %g MiB"):format(grown))
end

-- One call against one answer.
local function asked(answer, options, name)
  local server <close> = wire.serve(function() return answer end)
  local client <close> = server:client(options)
  local value, err = every[name or "get_schema"].call(client)
  assert.is_nil(value)
  assert.is_true(#tostring(err) < 3000)
  return err, server
end

-- Bytes without end, of which the server counts what was taken.
local function endless(head, piece)
  local sent = { bytes = 0 }
  return { head, function()
    sent.bytes = sent.bytes + #piece
    return piece
  end }, sent
end

describe("the header of a reply", function()
  it("may not go on for ever", function()
    for _, piece in ipairs { "X-Filler: " .. ("y"):rep(1000) .. "\r\n", "A: b\r\n" } do
      bounded(8, function()
        local answer, sent = endless("HTTP/1.1 200 OK\r\n", piece:rep(10))
        local err = asked(answer)
        assert.equal("too_large", err.kind)
        assert.matches("header", err.message)
        assert.equal(1, #err.attempts)
        assert.is_true(sent.bytes < 16 * MIB)
      end)
    end
  end)

  it("may not have a line without end", function()
    local answer = endless("HTTP/1.1 200 OK\r\nX-Long: ", ("y"):rep(8192))
    local err = asked(answer)
    assert.equal("too_large", err.kind)
    assert.matches("header", err.message)
  end)

  it("may not be interim replies for ever", function()
    local answer = endless("", ("HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n"):rep(20))
    local err = asked(answer, { timeout = 10 })
    assert.is_true(err.kind == "too_large" or err.kind == "protocol", err.kind)
  end)

  it("may be trailers, but not for ever", function()
    local answer = endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
      ("X-Trailer: z\r\n"):rep(50))
    local err = asked(answer, { timeout = 10 })
    assert.is_true(err.kind == "too_large" or err.kind == "protocol", err.kind)
  end)
end)

describe("the body of a reply", function()
  it("is bounded by max_body, announced or not", function()
    local heads = { "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" }
    for _, head in ipairs(heads) do
      for _, name in ipairs { "get_schema", "list_contributors", "patch_identities" } do
        bounded(8, function()
          local answer, sent = endless(head, " " .. ("x"):rep(16383))
          local err = asked(answer, { max_body = MIB, retries = 0 }, name)
          assert.equal("too_large", err.kind)
          assert.matches("1048576", err.message)
          assert.is_true(sent.bytes < 24 * MIB)
        end)
      end
    end
  end)

  it("is bounded for refusals, too", function()
    bounded(8, function()
      local answer = endless("HTTP/1.1 500 Oops\r\n\r\n", ("x"):rep(16384))
      local err = asked(answer, { max_body = MIB, retries = 0 })
      assert.equal("too_large", err.kind)
    end)
  end)

  it("is bounded after unpacking", function()
    -- 64 MiB of zeros in 64 KiB, made by gzip itself
    local pipe = assert(io.popen("head -c 67108864 /dev/zero | gzip -9", "r"))
    local bomb = pipe:read "a"
    pipe:close()
    assert.is_true(#bomb < 100000)
    for _, name in ipairs { "get_schema", "list_contributors", "update_contributors" } do
      bounded(8, function()
        local err = asked(wire.reply(200, bomb, { ["Content-Encoding"] = "gzip" }),
          { max_body = MIB }, name)
        assert.equal("too_large", err.kind)
        assert.equal(1, #err.attempts)
      end)
    end
  end)

  it("of a stream is not kept, however much it is", function()
    local row, sent = "person@example.com,1," .. ("l"):rep(100) .. "\n", 0
    local steps = { "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n",
      "email,integrationId,identity\n",
      function()
        if sent >= 40 * MIB then return nil end
        sent = sent + #row * 500
        return row:rep(500)
      end, wire.close }
    local server <close> = wire.serve(function() return steps end)
    local client <close> = server:client { max_body = MIB }
    bounded(16, function()
      local rows = 0
      local value = assert(client:download_identities { to = function() rows = rows + 1 end })
      assert.equal(rows, value.rows)
      assert.is_true(rows > 300000)
    end)
  end)

  it("of a stream may not be one line without end", function()
    bounded(64, function()
      local answer = endless("HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\nemail,",
        ("x"):rep(65536))
      local err = asked(answer, { timeout = 60 * wire.slow }, "download_identities")
      assert.is_true(err.kind == "decode" or err.kind == "too_large", err.kind)
    end)
  end)

  it("of a list without pages may not be one record without end", function()
    bounded(200, function()
      local answer = endless('HTTP/1.1 200 OK\r\n\r\n{"org_user_details":[{"full_name":"',
        ("x"):rep(65536))
      local err = asked(answer, { timeout = 60 * wire.slow, attempt_timeout = 60 * wire.slow,
        retries = 0 }, "list_licensed")
      assert.is_true(err.kind == "decode" or err.kind == "too_large", err.kind)
    end)
  end)

  it("that is a web page without end ends at once", function()
    for _, name in ipairs { "get_schema", "list_contributors", "list_licensed",
      "download_identities", "patch_identities" } do
      for _, status in ipairs { 200, 403 } do
        bounded(8, function()
          local head = ("HTTP/1.1 %d X\r\nContent-Type: text/html\r\n\r\n"):format(status)
          local answer, sent = endless(head .. "<!DOCTYPE html><html><title>Sign in</title>",
            ("<p>again</p>"):rep(1000))
          local err = asked(answer, { max_body = MIB, retries = 0, timeout = 20 }, name)
          assert.is_true(err.kind == "too_large" or err.kind == "protocol" or err.kind == "auth",
            name .. ": " .. err.kind)
          assert.is_true(sent.bytes < 24 * MIB)
        end)
      end
    end
  end)
end)

describe("JSON in a reply", function()
  it("may not be nested for ever", function()
    for _, name in ipairs { "get_schema", "list_contributors", "list_licensed",
      "list_identities" } do
      for _, depth in ipairs { 1000, 1000000 } do
        for _, pair in ipairs { { "[", "]" }, { '{"a":', "1" .. "}" } } do
          local body = '{"records":[' .. pair[1]:rep(depth)
          bounded(64, function()
            local err = asked(wire.reply(200, body), { retries = 0 }, name)
            -- protocol: an array is no record, however deep
            assert.is_true(err.kind == "decode" or err.kind == "protocol", tostring(err))
          end)
        end
      end
    end
  end)

  it("is no danger in an error's body", function()
    local err = asked(wire.reply(400, '{"message":' .. ("["):rep(500000)), { retries = 0 })
    assert.equal("http", err.kind)
    assert.equal(400, err.status)
  end)
end)

describe("pages", function()
  -- Every page is new, and says that another one comes.
  local function lying(total)
    return wire.serve(function(r)
      local ask = require "dkjson".decode(r.body)
      local first = ask.page * ask.page_size + 1
      local last = math.min(first + ask.page_size - 1, total or 1e9)
      return wire.reply(200, pages.page(pages.records(first, last),
        { has_next = true, next_page = ask.page + 1, total_count = total }))
    end)
  end

  it("end by max_pages where nothing else ends them", function()
    local server <close> = lying(nil)
    local client <close> = server:client()
    local count = 0
    local ok, err = pcall(function()
      for _ in client:list_contributors { page_size = 10, max_pages = 7, window = 4 } do
        count = count + 1
      end
    end)
    assert.is_false(ok)
    assert.equal("too_large", err.kind)
    assert.matches("max_pages", err.message)
    assert.equal(70, count)
    assert.equal(7, #server.requests)
  end)

  it("end by their total where has_next lies", function()
    local server <close> = lying(35)
    local client <close> = server:client()
    local count = 0
    for _ in client:list_contributors { page_size = 10 } do count = count + 1 end
    assert.equal(35, count)
  end)

  it("that are always the same are an error", function()
    local server <close> = wire.serve(function()
      return wire.reply(200, pages.page(pages.records(1, 10), { has_next = true }))
    end)
    local client <close> = server:client()
    local ok, err = pcall(function()
      for _ in client:list_contributors { page_size = 10 } do assert(true) end
    end)
    assert.is_false(ok)
    assert.is_true(err.kind == "paging_loop" or err.kind == "drift", err.kind)
    assert.is_true(#server.requests <= 8)
  end)
end)
