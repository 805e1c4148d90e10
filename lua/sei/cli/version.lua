--- The command `sei version`.
local version = {}

--- Adds the options to a command of lua-argparse: there are none.
function version.configure() end

--- Prints the version.
function version.run() print(require "sei"._VERSION) end

return version
