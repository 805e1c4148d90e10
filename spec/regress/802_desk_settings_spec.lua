-- The servers of examples/hosts took a PORT or SYNC_SECONDS that is no number for
-- one that is not there, and ended with a traceback at one that is out of range.
local shell = require "spec.support.shell"

local RUN <const> = [[env SEI_BASE_URL=http://127.0.0.1:1 SEI_KEY_FILE=/nowhere/key ]]
  .. [[SYNC_RECIPE=recipe.lua SYNC_FOLDER=/nowhere %s=%s %s -e ]]
  .. [["package.path = package.path .. ';examples/hosts/?.lua'
    local job = require 'desk'.settings()
    print(job.port, job.seconds)"]]

local function settings(name, value)
  return shell.run(RUN:format(name, shell.quote(value), shell.lua()))
end

describe("the settings of the servers in examples/hosts", function()
  it("are taken as they are said", function()
    assert.equal("8080\t3600\n", settings("PORT", "8080"))
    assert.equal("0\t60\n", settings("SYNC_SECONDS", "60"))
  end)

  it("are refused where they make no sense", function()
    for _, value in ipairs { "80a", "8080.5", "-1", "65536", "" } do
      assert.matches(("PORT must be a whole number from 0 to 65535, not '%s'"):format(value),
        settings("PORT", value), 1, true)
    end
    for _, value in ipairs { "1h", "0", "-5", "1e300", "nan" } do
      assert.matches(("SYNC_SECONDS must be a whole number from 1 to 2592000, not '%s'")
        :format(value), settings("SYNC_SECONDS", value), 1, true)
    end
  end)
end)
