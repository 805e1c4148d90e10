-- plan.file - the plan as a file: canonical bytes, a digest that sha256sum
-- agrees with, its owner's alone, and every cut or edit found.
local core = require "sei.core"
local file = require "sei.plan.file"
local sei = require "sei"

local function scratch()
  local path = os.tmpname()
  os.remove(path)
  finally(function() os.remove(path) end)
  return path
end

local function slurp(path)
  local handle = assert(io.open(path, "rb"))
  local text = handle:read "a"
  handle:close()
  return text
end

local function spill(path, text)
  local handle = assert(io.open(path, "wb"))
  handle:write(text)
  handle:close()
end

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local HEADER <const> = { target = { base_url = "https://sei.example" }, class = "certain",
  guards = { { name = "changes", found = 1, limit = 10, passed = true } },
  counts = { review = 2, none = 1 } }

local function rows()
  return {
    { kind = "keep", what = "identity", integration_id = 5323, identity = "ann",
      before = { email = "ann@x.example" }, after = { email = "ann@x.example" }, rule = "email" },
    { kind = "add", what = "identity", integration_id = 5323, identity = "bea",
      after = { email = "bea@x.example" }, rule = "email",
      evidence = { left = { before = "Bea", after = "bea" } } },
    { kind = "change", what = "identity", integration_id = 40, identity = "cem",
      before = { email = "old@x.example" }, after = { email = "cem@x.example" }, rule = "login" },
    { kind = "conflict", what = "identity", integration_id = 40, identity = "dan",
      reason = "two_people" },
    { kind = "protected", what = "identity", integration_id = 100, identity = "eve",
      before = { email = "eve@x.example" }, after = { email = "e2@x.example" } },
    { kind = "change", what = "contributor", id = "17", email = "ann@x.example",
      before = { region = "emea" }, after = { region = "apac" }, fingerprint = ("0"):rep(64) },
  }
end

local function shuffled(list, seed)
  math.randomseed(seed)
  for i = #list, 2, -1 do
    local j = math.random(i)
    list[i], list[j] = list[j], list[i]
  end
  return list
end

describe("a plan file", function()
  it("is read back as it was written", function()
    local path = scratch()
    local wrote = assert(file.write(path, HEADER, rows()))
    local plan = assert(file.read(path))
    assert.equal(wrote.digest, plan.digest)
    assert.same(wrote.rows, plan.rows)
    assert.equal(1, plan.header.irreversible)
    assert.same({ add = 1, change = 2, keep = 1, protected = 1, conflict = 1, irreversible = 0,
      review = 2, none = 1, fields = { change = 1 },
      by_rule = { email = { keep = 1, add = 1 }, login = { change = 1 } },
      by_integration = { ["5323"] = { keep = 1, add = 1 }, ["40"] = { change = 1, conflict = 1 },
        ["100"] = { protected = 1 } } }, plan.header.counts)
    local order = {}
    for i, row in ipairs(plan.rows) do order[i] = file.name(row) end
    assert.same({ "40/cem", "40/dan", "100/eve", "5323/ann", "5323/bea", "ann@x.example" }, order)
  end)

  it("has no 'before' in Lua where there was nothing, and null in the file", function()
    local path = scratch()
    assert(file.write(path, HEADER, rows()))
    assert.is_nil(assert(file.read(path)).rows[5].before)
    assert.truthy(slurp(path):find('"before":null', 1, true))
  end)

  it("is the same bytes whatever the order of the rows", function()
    local path, first = scratch(), nil
    for seed = 1, 20 do
      local digest = assert(file.write(path, HEADER, shuffled(rows(), seed))).digest
      first = first or digest
      assert.equal(first, digest)
    end
  end)

  it("has the digest that sha256sum prints", function()
    local path = scratch()
    local digest = assert(file.write(path, HEADER, rows())).digest
    assert.equal(digest, output("sha256sum " .. path):match "^%x+")
    assert.equal(digest, file.digest(path))
  end)

  it("is its owner's alone, even where an open one stood", function()
    local path = scratch()
    spill(path, "an old one")
    os.execute("chmod 644 " .. path)
    assert(file.write(path, HEADER, rows()))
    assert.equal("600", output("stat -c %a " .. path):match "%d+")
  end)

  it("leaves what was there when it cannot be written", function()
    local path, bad = scratch(), rows()
    assert(file.write(path, HEADER, rows()))
    local before = slurp(path)
    bad[1].identity = "\xFFann"
    local plan, err = file.write(path, HEADER, bad)
    assert.is_nil(plan)
    assert.equal("encode", err.kind)
    assert.truthy(err.message:find("5323/?ann", 1, true), err.message)
    assert.equal(before, slurp(path))
    assert.equal("", output("ls " .. path .. ".*.part 2>/dev/null"))
    plan, err = file.write("/nonexistent/plan", HEADER, rows())
    assert.is_nil(plan)
    assert.equal("io", err.kind)
  end)

  it("refuses rows that no plan may hold", function()
    local function refused(words, change)
      local list = rows()
      change(list)
      local ok, problem = pcall(file.write, "/nonexistent/plan", HEADER, list)
      assert.is_false(ok)
      assert.truthy(tostring(problem):find(words, 1, true), tostring(problem))
    end
    refused("two rows for 5323/ann", function(list) list[7] = list[1] end)
    refused("row 2: an addition", function(list) list[2].after = nil end)
    refused("row 3: a change", function(list) list[3].before = {} end)
    refused("row 4: a conflict", function(list) list[4].reason = nil end)
    refused("row 5: its integration_id", function(list) list[5].integration_id = "100" end)
    refused("row 6: a change", function(list) list[6].fingerprint = nil end)
    refused("no kind \"remove\"", function(list) list[1].kind = "remove" end)
    refused("nothing called \"group\"", function(list) list[1].what = "group" end)
  end)

  it("keeps only the rows that are wanted", function()
    local path = scratch()
    local digest = assert(file.write(path, HEADER, rows())).digest
    local plan = assert(file.read(path, function(row) return row.kind == "change" end))
    assert.equal(2, #plan.rows)
    assert.equal(digest, plan.digest)
  end)
end)

describe("reading a plan", function()
  local function refused(text, words, line)
    local path = scratch()
    spill(path, text)
    local plan, err = file.read(path)
    assert.is_nil(plan)
    assert.is_true(sei.is_error(err))
    assert.equal(line, err.line)
    assert.truthy(tostring(err):find(words, 1, true), tostring(err))
  end

  local function text_of()
    local path = scratch()
    assert(file.write(path, HEADER, rows()))
    return slurp(path)
  end

  it("names what is no plan", function()
    refused("", "not a plan", 1)
    refused("email,integrationId,identity\n", "not a plan", 1)
    refused('{"kind":"row"}\n', "not a plan", 1)
    refused('{"kind":"header","format":9}\n', "format 9; this version reads 1", 1)
    local plan, err = file.read "/nonexistent/plan"
    assert.is_nil(plan)
    assert.equal("io", err.kind)
    plan, err = file.read "/"
    assert.is_nil(plan)
    assert.equal("io", err.kind)
  end)

  it("finds every line that was taken out", function()
    local text = text_of()
    local lines = {}
    for line in text:gmatch "[^\n]*\n" do lines[#lines + 1] = line end
    assert.equal(7, #lines)
    for i = 2, #lines do
      local less = table.move(lines, 1, #lines, 1, {})
      table.remove(less, i)
      refused(table.concat(less), "was cut or edited", 6)
    end
  end)

  it("finds a cut anywhere, or reads the whole", function()
    local text = text_of()
    for at = 0, #text - 2 do
      local path = scratch()
      spill(path, text:sub(1, at))
      assert.is_nil((file.read(path)), at)
    end
  end)

  it("finds rows twice, in the wrong order, and broken ones", function()
    local text = text_of()
    local head, one, two, rest = text:match "^([^\n]*\n)([^\n]*\n)([^\n]*\n)(.*)$"
    refused(head .. two .. one .. rest, "wrong order, or twice", 3)
    refused(head .. one .. one .. two .. rest, "wrong order, or twice", 3)
    refused(head .. one .. "{\n" .. two .. rest, "3: ", 3)
    refused(head .. '{"kind":"delete"}\n' .. rest, "no kind", 2)
    refused(head .. "[]\n" .. rest, "no kind", 2)
  end)

  it("gives every changed byte another digest", function()
    local text = text_of()
    local digest = core.digest.sha256(text)
    for at = 1, #text do
      local other = text:sub(1, at - 1) .. string.char(text:byte(at) ~ 1) .. text:sub(at + 1)
      assert.not_equal(digest, core.digest.sha256(other))
    end
  end)
end)

describe("the order of a plan", function()
  it("is that of the bytes, whatever the locale", function()
    local less = file.comparer()
    assert.is_true(less("B", "a"))
    local before = os.setlocale(nil, "collate")
    if not (os.setlocale("en_US.UTF-8", "collate") or os.setlocale("C.UTF-8", "collate")) then
      return
    end
    finally(function() os.setlocale(before, "collate") end)
    less = file.comparer()
    assert.is_true(less("B", "a"))
    assert.is_true(less("a", "aa"))
    assert.is_false(less("aa", "a"))
    assert.is_false(less("a", "a"))
    assert.is_true(less("z", "\xC3\xA4"))
  end)
end)

describe("a digest", function()
  -- FIPS 180-4, the examples that NIST publishes with it.
  it("is SHA-256", function()
    assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      core.digest.sha256 "")
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      core.digest.sha256 "abc")
    assert.equal("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
      core.digest.sha256(("a"):rep(1000000)))
  end)

  it("is the same in pieces, and can be asked on the way", function()
    local d = core.digest.new()
    assert.equal(core.digest.sha256 "", d:hex())
    assert.equal(core.digest.sha256 "ab", d:add "a":add "b":hex())
    assert.equal(core.digest.sha256 "abc", d:add "c":hex())
  end)

  it("of a file that cannot be read is an error", function()
    for _, path in ipairs { "/nonexistent", "/" } do
      local hex, err = core.digest.file(path)
      assert.is_nil(hex)
      assert.equal("io", err.kind)
      assert.equal(path, err.file)
    end
  end)

  it("refuses what is no text and no digest", function()
    assert.has_error(function() core.digest.sha256 {} end)
    assert.has_error(function() core.digest.new().add({}, "a") end)
  end)
end)
