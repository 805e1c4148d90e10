-- embed - writes C arrays of Lua files, for the static library.
--
--   lua5.4 .ci/embed.lua OUT.c FILE...      FILE: lua/sei/…, the text as it is

local function module_of(file)
  return file:match "^lua/(.+)%.lua$":gsub("/init$", ""):gsub("/", ".")
end

local function read(file)
  local handle = assert(io.open(file, "rb"))
  local text = handle:read "a"
  handle:close()
  return text
end

-- Sixteen bytes a line; strings would meet the limits of C compilers.
local function write_array(out, name, text)
  out:write("static const unsigned char ", name, "[] = {\n")
  for at = 1, #text, 16 do
    out:write("  ", table.concat({ text:byte(at, at + 15) }, ","), ",\n")
  end
  if text == "" then out:write "  0\n" end
  out:write "};\n\n"
end

local function main(target, files)
  local out = assert(io.open(target, "wb"))
  out:write "/* Written by .ci/embed.lua from lua/; not to be edited. */\n"
  out:write '#include "../../ext/lua/embed.h"\n\n'
  local rows = {}
  for i, file in ipairs(files) do
    local text = read(file)
    assert(load(text, "@" .. file, "t"), file .. " is not Lua")
    write_array(out, "text_" .. i, text)
    rows[i] = ('  { "%s", "@%s", text_%d, %d },\n'):format(
      module_of(file), file:gsub("^lua/", ""), i, #text)
  end
  out:write("const struct sei_embedded sei_embedded[] = {\n", table.concat(rows),
    "  { NULL, NULL, NULL, 0 }\n};\n")
  assert(out:close())
end

main(assert(arg[1], "embed: the file to write is missing"), table.move(arg, 2, #arg, 1, {}))
