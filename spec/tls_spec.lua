-- tls - whom the client believes: a certificate of an authority that it was told
-- to trust, for the very host it asked; nobody else's, whatever the key costs.
local sei = require "sei"
local shell = require "spec.support.shell"

local KEY <const> = "pat.acct1.key7.Canary"

-- openssl's own small server: it writes its address when it listens, and the
-- reply is a file below its folder. It ends when it is told to, or by itself
-- should the spec die.
local function serve(folder, certificate)
  local pipe = folder .. "/" .. certificate .. ".pipe"
  assert(os.execute("mkfifo -m 600 " .. shell.quote(pipe)))
  local child = assert(io.popen(("exec > %s; "
    .. "unset LD_PRELOAD; cd %s && echo $$ && exec timeout 120 openssl s_server -HTTP -accept "
    .. "127.0.0.1:0 -cert %s.pem -key %s.key 2>/dev/null"):format(shell.quote(pipe),
    shell.quote(folder), certificate, certificate), "w"))
  local out = assert(io.open(pipe, "r"))
  local port
  local pid = assert(out:read "n")
  repeat
    local line = out:read "l"
    port = line and line:match "^ACCEPT 127%.0%.0%.1:(%d+)"
  until port or not line
  return assert(port, "openssl does not listen"), function()
    os.execute(("kill %d"):format(pid))
    child:close()
    out:close()
  end
end

describe("over TLS", function()
  local folder, stop
  local ports = {}

  local function openssl(words)
    local text, status = shell.run(("cd %s && openssl %s"):format(shell.quote(folder), words))
    assert(status == 0, text)
  end

  local function certificate(name, subject, days)
    openssl(("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %s.key "
      .. "-out %s.pem -subj /CN=%s -addext subjectAltName=%s -days %d"):format(name, name, name,
      subject, days))
  end

  setup(function()
    folder = shell.folder()
    stop = {}
    certificate("right", "IP:127.0.0.1", 2)
    certificate("other", "DNS:other.example.com", 2)
    shell.run(("mkdir -p %s/sei/api/v1/org/users"):format(shell.quote(folder)))
    local file = assert(io.open(folder .. "/sei/api/v1/org/users/schema", "wb"))
    file:write "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"version\":7}"
    file:close()
    for _, name in ipairs { "right", "other" } do
      ports[name], stop[#stop + 1] = serve(folder, name)
    end
  end)

  teardown(function()
    for _, f in ipairs(stop) do f() end
    shell.remove(folder)
  end)

  local function ask(name, options)
    options.base_url = ("https://127.0.0.1:%s/sei/api"):format(ports[name])
    options.api_key, options.timeout, options.pace, options.retries = KEY, 20, false, 0
    local client <close> = sei.client(options)
    return client:get_schema()
  end

  it("believes an authority that ca_file names", function()
    assert.same({ version = 7 }, assert(ask("right", { ca_file = folder .. "/right.pem" })))
  end)

  local function refused(name, options)
    local schema, err = ask(name, options)
    assert.is_nil(schema)
    assert.equal("tls", err.kind, tostring(err))
    assert.is_nil(err.status)
    assert.matches("name it with ca_file", err.hint, 1, true)
  end

  it("believes no certificate that signed itself", function() refused("right", {}) end)

  it("believes no other authority", function()
    refused("right", { ca_file = folder .. "/other.pem" })
  end)

  it("believes no certificate of another host", function()
    refused("other", { ca_file = folder .. "/other.pem" })
  end)

  it("says when the file of authorities cannot be read", function()
    refused("right", { ca_file = folder .. "/none.pem" })
  end)
end)
