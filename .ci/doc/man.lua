-- man - the manual page of the command, and the completion of two shells, from
-- the command line's own tables.
--
--   lua5.4 .ci/doc/man.lua OUTDIR     in the checkout's environment
--
-- Writes OUTDIR/sei.1, OUTDIR/sei.bash and OUTDIR/_sei. Markup: man(7).
local cli = require "sei.cli"
local config = require "sei.config"
local sei = require "sei"

local out_dir = assert(arg[1], "the folder is missing")
local page = {}

-- ---- roff -------------------------------------------------------------------

-- Backslashes, dashes that are to be copied, and dots at a line's beginning.
local function escape(text)
  text = text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("\n%s*\n", "\n")
  text = text:gsub("[\xC2-\xF4][\x80-\xBF]+", function(character)
    return ("\\[u%04X]"):format(utf8.codepoint(character))
  end)
  return (("\n" .. text):gsub("\n([.'])", "\n\\&%1"):sub(2))
end

local function put(line) page[#page + 1] = line end

local function text(words) put(escape(words)) end

local function section(title) put('.SH "' .. title:upper() .. '"') end

local function item(head, words)
  put ".TP"
  put(head)
  text(words)
end

-- As it stands, with its line breaks.
local function literal(words)
  put ".PP"
  put ".nf"
  for line in (words .. "\n"):gmatch "(.-)\n" do put(line == "" and "" or escape(line)) end
  put ".fi"
end

local function bold(words) return "\\fB" .. escape(words) .. "\\fR" end

-- ---- what argparse knows ------------------------------------------------------

local function option_head(option)
  local names = {}
  for i, name in ipairs(option._aliases) do names[i] = bold(name) end
  local value = option._argname or option._choices and table.concat(option._choices, "|")
  if type(value) == "table" then value = table.concat(value, " ") end
  return table.concat(names, ", ") .. (value and " \\fI" .. escape(value) .. "\\fR" or "")
end

local function words_of(option)
  local words = option._description or ""
  if option._choices and option._argname then
    words = words .. " One of " .. table.concat(option._choices, ", ") .. "."
  end
  if type(option._default) == "string" then
    words = words .. " Default: " .. option._default .. "."
  end
  return words
end

-- Options that many commands have are told once.
local function shared_by_many(parser)
  local set, groups = {}, {}
  for _, group in ipairs(parser._groups) do
    if group.name ~= "Options" then
      groups[#groups + 1] = group
      for _, element in ipairs(group) do set[element] = true end
    end
  end
  return set, groups
end

local function add_options(list, left_out)
  for _, option in ipairs(list) do
    if not left_out[option] and option._aliases[1] ~= "-h" then
      item(option_head(option), words_of(option))
    end
  end
end

local function is_client_command(groups)
  for _, group in ipairs(groups) do
    if group.name:find "^Where the service is" then return true end
  end
end

local function add_command(command, before)
  local left_out, groups = shared_by_many(command)
  local name = (before or "sei ") .. command._name
  put('.SS "' .. name .. '"')
  text(command._description or command._summary)
  for _, argument in ipairs(command._arguments) do
    item("\\fI" .. escape(argument._argname or argument._name) .. "\\fR",
      argument._description or "")
  end
  add_options(command._options, left_out)
  if is_client_command(groups) then
    put ".PP"
    text "It also takes the options of COMMANDS THAT ASK THE SERVICE."
  end
  if command._epilog then literal(command._epilog) end
  for _, inner in ipairs(command._commands) do add_command(inner, name .. " ") end
  return is_client_command(groups) and groups
end

-- ---- the page -----------------------------------------------------------------

local function add_head(parser)
  put '.\\" made from the tables of the command line: make man'
  put('.TH SEI 1 "" "' .. sei._VERSION .. '" "User Commands"')
  section "name"
  text "sei - who is who in Harness SEI: map identities safely"
  section "synopsis"
  put(bold "sei" .. " \\fICOMMAND\\fR [\\fIOPTIONS\\fR] \\&...")
  section "description"
  text(parser._description)
  text("Each command tells its own options: sei COMMAND --help.")
end

local function add_settings()
  section "settings"
  text("Each comes from an option of the command, else from the environment, else from the file "
    .. "of settings; 'sei check' shows which. The key is never an option, for everybody on the "
    .. "machine can read those.")
  for _, row in ipairs(config.settings()) do
    local choices = row.choices and (" One of " .. row.choices:gsub("|", ", ") .. ".") or ""
    item(bold(row.name) .. ", " .. bold(config.variable(row.name)),
      row.doc .. "." .. choices .. " Default: " .. tostring(row.default) .. ".")
  end
end

local function add_rest()
  section "environment"
  item(bold "SEI_CONFIG", "The file of settings.")
  item(bold "NO_COLOR", "Set and not empty: no colours.")
  item(bold "http_proxy, https_proxy, all_proxy, no_proxy", "As for curl(1), unless the setting "
    .. "proxy is given.")
  section "files"
  item("\\fI$XDG_CONFIG_HOME/sei/config\\fR, else \\fI~/.config/sei/config\\fR",
    "A line 'name = value' for each setting; lines that begin with # are comments. Paths in it "
    .. "are relative to its folder. Where it holds a key, nobody else may read it (mode 0600).")
  section "exit status"
  item(bold "0", "It was done, or there was nothing to do.")
  item(bold "1", "An error; the last line on standard error says which.")
  item(bold "2", "sei plan: there are rows to write.")
  item(bold "3", "Refused by a guard, a drift or a lock.")
  item(bold "130, 143", "Stopped by Ctrl-C, by SIGTERM. The first one ends requests and leaves "
    .. "nothing half written, the second one ends at once.")
  section "see also"
  text "curl(1), https://developer.harness.io/docs/software-engineering-insights/"
end

local function manual(parser)
  add_head(parser)
  section "commands"
  local groups
  for _, command in ipairs(parser._commands) do
    groups = add_command(command) or groups
  end
  section "commands that ask the service"
  for _, group in ipairs(groups) do
    put('.SS "' .. escape(group.name) .. '"')
    add_options(group, {})
  end
  add_settings()
  add_rest()
  return table.concat(page, "\n") .. "\n"
end

local function write(name, words)
  local file = assert(io.open(out_dir .. "/" .. name, "wb"))
  assert(file:write(words))
  assert(file:close())
end

-- lua-argparse completes options and commands, and in zsh arguments with choices.
local function with_choices(parser)
  local list = {}
  for _, command in ipairs(parser._commands) do
    for _, argument in ipairs(command._arguments) do
      if argument.words then
        argument:choices(argument.words)
        list[#list + 1] = ("    %s) words='%s' ;;"):format(command._name,
          table.concat(argument.words, " "))
      end
    end
  end
  return parser, table.concat(list, "\n")
end

local function bash(parser)
  local with, words = with_choices(parser)
  local script = with:get_bash_complete()
  local at = script:find '    if %[%[ "$cur" = %-%* %]%]; then'
  return script:sub(1, at - 1) .. '    local words=\n    case "$cmd" in\n' .. words
    .. '\n    esac\n    if [[ -n "$words" ]]; then\n'
    .. '        COMPREPLY=($(compgen -W "$words" -- "$cur"))\n    fi\n' .. script:sub(at)
end

write("sei.1", manual(cli.parser()))
write("sei.bash", bash(cli.parser()))
write("_sei", (with_choices(cli.parser())):get_zsh_complete())
