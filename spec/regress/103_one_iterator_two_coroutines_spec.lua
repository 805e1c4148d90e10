-- Of two coroutines that waited for the same iterator, the first to go on took
-- the other one out of the list of those who are woken.
local pages = require "spec.support.pages"
local socket = require "socket"

describe("regress 103", function()
  it("wakes everybody who waits for an iterator", function()
    local server <close> = pages.list(40)
    local client <close> = server:client { wait = coroutine.yield }
    local walk = client:list_contributors { page_size = 10, window = 2 }
    local got, running = {}, {}
    for i = 1, 3 do
      running[i] = coroutine.create(function()
        for record in walk do got[#got + 1] = record.id end
      end)
    end
    for i = 1, 3 do assert(coroutine.resume(running[i])) end
    local rounds, start = 0, socket.gettime()
    while #running > 0 do -- one is woken for each time that there is something to do
      server.wait(client)
      rounds = rounds + 1
      assert.is_true(rounds < 200)
      local one = table.remove(running, 1)
      assert(coroutine.resume(one))
      if coroutine.status(one) ~= "dead" then running[#running + 1] = one end
    end
    assert.equal(40, #got)
    assert.is_true(socket.gettime() - start < 4, "somebody was not woken")
  end)

  it("wakes whoever waits when somebody closes the iterator", function()
    local server <close> = pages.serve(function() return nil end)
    local client <close> = server:client { wait = coroutine.yield }
    local walk = client:list_contributors()
    local waiting = coroutine.create(function() return pcall(walk) end)
    assert(coroutine.resume(waiting))
    server.wait(client)
    assert(coroutine.resume(waiting))
    walk:close()
    assert.is_true(pages.readable(client, 0))
    local _, ok, err = coroutine.resume(waiting)
    assert.is_false(ok)
    assert.equal("closed", err.kind)
    client:step()
    assert.is_false(pages.readable(client, 0))
  end)
end)
