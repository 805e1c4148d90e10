-- luacheck: no globals, 100 columns. Specs also know busted's words.
std = "lua54"
max_line_length = 100
max_cyclomatic_complexity = 20
cache = false
exclude_files = { "build" }

files["spec"] = { std = "lua54+busted", max_cyclomatic_complexity = 30 }
files["*.rockspec"] = { std = "rockspec" }
-- What a sandboxed recipe finds.
files["examples/16_sandboxed_recipe.lua"] = { read_globals = { "sei", "inputs", "client" } }
-- Hosts bring words of their own.
files["examples/hosts/prosody"] = { globals = { "module" } }
files["examples/hosts/lighttpd"] = { globals = { "lighty" } }
files["spec/support/prosody"] = { globals = { "module" } }
