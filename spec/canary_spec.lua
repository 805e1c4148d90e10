-- canary - no key leaves, whatever the service repeats: every public function
-- is driven to failure (spec/support/canary.lua) with every log, hook and
-- recording on, and all that was said is searched for the keys.
local canary = require "spec.support.canary_key"
local shell = require "spec.support.shell"
local support = require "spec.support.csv"

local function count(text, needle)
  local n, at = 0, 1
  while true do
    local from, to = text:find(needle, at, true)
    if not from then return n end
    n, at = n + 1, to + 1
  end
end

-- Runs the program; texts of what was said by file name, and what was sent.
local function run(folder, letter)
  shell.run("mkdir " .. shell.quote(folder .. "/said"))
  local told, status = shell.run(("%s spec/support/canary.lua %s %s > %s/said/out 2> %s/said/err")
    :format(shell.lua(), shell.quote(folder), letter, folder, folder))
  local said = {}
  for _, file in ipairs(shell.files(folder .. "/said/*")) do
    said[file:match "[^/]+$"] = support.slurp(file)
  end
  assert(status == 0, told .. (said.err or ""))
  return said, support.slurp(folder .. "/sent")
end

describe("a key", function()
  for letter, what in pairs { a = "a platform token", c = "an SEI key", d = "a short beginning",
    b = "one that every encoding writes otherwise" } do
    it("is nowhere: " .. what, function()
      local said, sent = run(support.scratch(finally), letter)
      local places, found = 0, {}
      for name, text in pairs(said) do
        places = places + 1
        for encoding, needle in pairs(canary.needles()) do
          local n = count(text, needle)
          if n > 0 then
            local at = text:find(needle, 1, true)
            found[#found + 1] = ("%s: %s, %d times: %s"):format(name, encoding, n,
              text:sub(math.max(1, at - 60), at + #needle))
          end
        end
      end
      table.sort(found)
      assert.equal("", table.concat(found, "\n"))
      -- there was something to find, and something was said
      assert.is_true(places >= 5, "files: " .. places)
      for encoding, needle in pairs(canary.needles()) do
        assert.is_true(count(sent, needle) > 0, encoding .. " was never sent")
      end
      assert.is_true(count(said.out, "****") > 1000)
      assert.is_true(count(said["recording.jsonl"], "****") > 100)
      assert.is_true(count(said["calls.log"], "****") > 100)
      assert.is_true(count(said["calls.jsonl"], "****") > 100)
      assert.is_true(count(said.err, "on_batch raised") > 10)
    end)
  end
end)
