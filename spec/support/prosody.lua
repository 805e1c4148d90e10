--- Prosody for a spec: started with the modules of the examples and of
-- spec/support/prosody, on ports of its own; and its accounts.
local daemon = require "spec.support.daemon"
local shell = require "spec.support.shell"

local prosody = {}

--- Whether it is installed.
function prosody.is_there() return shell.run "command -v prosody" ~= "" end

local CONFIG <const> = [[
run_as_root = true
data_path = "%s"
pidfile = "%s/pid"
plugin_paths = { "%s/examples/hosts/prosody", "%s/spec/support/prosody" }
modules_enabled = { "http", "adhoc", "saslauth", "disco", "ping"%s }
modules_disabled = { "s2s", "posix" }
log = { { levels = { min = "info" }, to = "console" } }
http_ports = { %d }
http_interfaces = { "127.0.0.1" }
https_ports = {}
c2s_ports = { %d }
c2s_interfaces = { "127.0.0.1" }
c2s_direct_tls_ports = {}
legacy_ssl_ports = {}
s2s_ports = {}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
http_default_host = "localhost"
admins = { "boss@localhost" }
sei_base_url = "%s"
sei_key_file = "%s/key"
sei_timeout = %d
VirtualHost "localhost"
]]

--- Starts it with one module more. Its accounts are boss@localhost, who may run
-- commands, and guest@localhost, whose password is "p-" and the name.
-- @tparam Emulator e
-- @tparam string folder for its files
-- @tparam string module
-- @tparam number timeout seconds
-- @treturn Daemon
-- @treturn string address of its HTTP server
-- @treturn integer port for chat clients
function prosody.start(e, folder, module, timeout)
  local here, problem = shell.run "pwd":gsub("\n", ""), nil
  assert(os.execute(("mkdir -p %s/localhost/accounts"):format(shell.quote(folder))))
  shell.private_file(folder .. "/key", "k-prosody-1234")
  for _, name in ipairs { "boss", "guest" } do
    shell.private_file(("%s/localhost/accounts/%s.dat"):format(folder, name),
      ("return { password = %q }\n"):format("p-" .. name))
  end
  for _ = 1, 3 do -- somebody may take a port in between
    local host
    local web, chat = daemon.port(), daemon.port()
    shell.private_file(folder .. "/cfg.lua", CONFIG:format(folder, folder, here, here,
      (', "%s"'):format(module), web, chat, e.url, folder, timeout))
    host, problem = daemon.start("prosody -F --config " .. folder .. "/cfg.lua",
      "Activated service 'http' on %[127")
    if host then return host, "http://127.0.0.1:" .. web, chat end
  end
  error(problem)
end

return prosody
