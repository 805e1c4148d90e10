-- A spreadsheet writes a long number as 1.23457E+11. In a CSV file that was taken for the whole
-- number 123457000000, and the row went to an integration that nobody had named; 0x10 was 16.
local scripted = require "spec.support.scripted"
local shell = require "spec.support.shell"

local ROWS <const> = "email,integrationId,identity\n"
  .. "a@b.c,1.23457E+11,x\nb@c.d,0x10,y\nc@d.e,7.0,z\n"

describe("a whole number in a cell of a CSV file", function()
  local client, server, folder, path

  before_each(function()
    server = scripted.start(function() return scripted.reply(200, '{"status":"success"}') end)
    client = server:client { timeout = 20, retries = 0 }
    folder = shell.folder()
    path = folder .. "/rows.csv"
    local file <close> = assert(io.open(path, "wb"))
    file:write(ROWS)
  end)

  after_each(function()
    client:close()
    server:stop()
    shell.remove(folder)
  end)

  local function check(rows)
    assert.equal(2, #rows)
    for i, value in ipairs { "1.23457E+11", "0x10" } do
      assert.equal(i, rows[i].row)
      assert.equal("integrationId", rows[i].field)
      assert.equal(value, rows[i].value)
    end
  end

  it("is written in digits, or its row is not sent", function()
    local report = assert(client:patch_identities { file = path })
    check(report.rejected)
    assert.equal('[{"email":"c@d.e","identity":"z","integrationId":7}]', server.requests[1].body)
  end)

  it("is so where the file goes whole, or nothing is sent", function()
    local report, err = client:upload_identities { file = path }
    assert.is_nil(report)
    check(err.rows)
    assert.equal(0, #server.requests)
  end)
end)
