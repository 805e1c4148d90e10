-- The manual page and the completion are made from the command line's tables, and
-- hold all of them.
local cli = require "sei.cli"
local screens = require "spec.support.screen"
local shell = require "spec.support.shell"

local folder = shell.build() .. "/man"

local function contents(name)
  local file = assert(io.open(folder .. "/" .. name, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

setup(function()
  local text, status = shell.make "man"
  assert(status == 0, text)
end)

-- What bash offers behind these words.
local function bash(...)
  return (shell.run(("bash -c %s sei %s"):format(shell.quote(("source %s/sei.bash; "
    .. 'COMP_WORDS=(sei "$@"); COMP_CWORD=$#; _sei; echo "${COMPREPLY[*]}"'):format(folder)),
    shell.join { ... })))
end

local function is_there(program) return select(2, shell.run("command -v " .. program)) == 0 end

describe("the manual page", function()
  it("has every command with its options, and an example of each that takes any", function()
    local page = contents("sei.1"):gsub("\\%-", "-")
    for _, command in ipairs(cli.parser()._commands) do
      assert.truthy(page:find('.SS "sei ' .. command._name .. '"', 1, true), command._name)
      for _, option in ipairs(command._options) do
        local name = option._aliases[#option._aliases]
        assert.truthy(name == "--help" or page:find(name, 1, true), command._name .. " " .. name)
      end
      for _, inner in ipairs(command._commands) do
        local title = ('.SS "sei %s %s"'):format(command._name, inner._name)
        assert.truthy(page:find(title, 1, true), title)
      end
      if #command._options > 1 or #command._commands > 0 then
        assert.matches("Examples?:\n", command._epilog or "")
      end
    end
    for _, row in ipairs(require "sei.config".settings()) do
      assert.truthy(page:find("\\fB" .. row.name .. "\\fR", 1, true), row.name)
    end
  end)

  it("is markup that groff takes without a warning", function()
    if not is_there "groff" then return pending "groff is not installed" end
    local text, status = shell.run("groff -man -Tutf8 -ww " .. folder .. "/sei.1 >/dev/null")
    assert.equal(0, status)
    assert.equal("", text)
  end)
end)

describe("completion", function()
  it("knows commands, options, values and words in bash", function()
    assert.matches("get upload developers plan show", bash "", 1, true)
    assert.equal("sync map upload preview activate undo versions schema\n", bash("developers", ""))
    assert.equal("keep remove\n", bash("developers", "upload", "--missing", ""))
    assert.equal("contributors\n", bash("get", "con"))
    assert.equal("error warn repair\n", bash("get", "--on-drift", ""))
    assert.equal("--max-changes --max-fields --max-empty --max-shrink\n", bash("plan", "--max-"))
    assert.equal("\n", bash("get", "nothing"))
  end)

  it("knows them in zsh", function()
    if not is_there "zsh" then return pending "zsh is not installed" end
    -- one that reads nobody's settings
    local screen <close> = screens.open("env PS1='# ' zsh -f", 100, 24)
    screen:key(shell.quote(("fpath=('%s' $fpath); autoload -U compinit; compinit -D -u; clear; "
      .. "echo ready"):format((shell.run("realpath " .. folder):gsub("\n", "")))) .. " Enter")
    screen:await "^ready\n"
    screen:key "'sei get con' Tab"
    screen:await "sei get contributors"
    screen:key "C-u 'sei get --on-drift ' Tab"
    screen:await "error +repair +warn"
  end)
end)
