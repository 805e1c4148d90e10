--- Exports of the tools whose accounts are mapped, as their APIs and
-- administration pages give them. What a tool calls its fields is data; each row
-- names the page of the vendor's manual that it is from.
-- @module sei.source.vendor

local attempt = require "sei.attempt"
local base = require "sei.source.base"
local bytes = require "sei.source.bytes"
local core = require "sei.core"
local csv = require "sei.source.csv"
local json = require "sei.source.json"
local opt = require "sei.options"
local record = require "sei.source.record"

local null = core.json.null
local vendor = {}

local KINDS <const> = base.join(base.options, bytes.options, {
  at = "string", lines = "boolean", partial = "boolean", delimiter = "string",
  format = '"json"|"csv"',
})

-- ---- how a field is found ----

local function some(value)
  if value == null or value == "" then return nil end
  return value
end

-- The first of several places that has something.
local function first(...)
  local getters = {}
  for i, path in ipairs { ... } do getters[i] = record.getter(path) end
  return function(row)
    for _, get in ipairs(getters) do
      local value = some(get(row))
      if value ~= nil then return value end
    end
  end
end

local function add_addresses(all, seen, value)
  if type(value) == "table" then
    for _, one in ipairs(value) do add_addresses(all, seen, one) end
  elseif type(value) == "string" and value:find "^[^%s@]+@[^%s@]+$" and not seen[value:lower()] then
    seen[value:lower()] = true
    all[#all + 1] = value
  end
end

-- All addresses that stand in several places, the first one first: what is no
-- address (an opaque name of a single sign-on) is none here.
local function addresses(...)
  local getters = {}
  for i, path in ipairs { ... } do getters[i] = record.getter(path) end
  return function(row)
    local all, seen = {}, {}
    for _, get in ipairs(getters) do add_addresses(all, seen, get(row)) end
    return all
  end
end

local function equals(path, value)
  local get = record.getter(path)
  return function(row)
    local found = some(get(row))
    if found == nil then return nil end
    return found == value
  end
end

local function negated(path)
  local get = record.getter(path)
  return function(row)
    local found = some(get(row))
    if type(found) == "boolean" then return not found end
    return nil
  end
end

-- ---- the tools ----

-- `at`: where pages hold their items. `needs`: members of which each item has
-- one. `columns`: of JSON. `csv`: names of columns in exports as CSV, in order of
-- preference, blanks, "-" and "_" left out, lower case. `pass`: why an item is no
-- account, or nil.
local TOOLS <const> = {}

-- GET /users, /groups/:id/members(/all), /groups/:id/saml_users,
-- /groups/:id/saml/identities: docs.gitlab.com/api/users, /api/members,
-- /api/groups, /api/saml. Names of bots: docs.gitlab.com/user/project/settings/
-- project_access_tokens and /user/profile/service_accounts.
TOOLS.gitlab = {
  needs = { "username", "extern_uid" },
  columns = {
    id = first("user_id", "id"), login = "username", name = "name",
    email = addresses("email", "public_email", "commit_email", "group_saml_identity.extern_uid",
      "identities.extern_uid", "extern_uid", "emails"),
    active = equals("state", "active"),
    bot = function(row)
      if type(row.bot) == "boolean" then return row.bot end
      local login = type(row.username) == "string" and row.username or ""
      return login:find "^project_%d+_bot" ~= nil or login:find "^group_%d+_bot" ~= nil
        or login:find "^service_account_" ~= nil
    end,
  },
  csv = { login = { "username" }, name = { "name", "fullname" }, email = { "email" } },
}

-- REST: GET /users, /orgs/{org}/members, /users/{username} (docs.github.com/rest/
-- users/users, /rest/orgs/members). GraphQL: Organization.membersWithRole and
-- OrganizationIdentityProvider.externalIdentities (docs.github.com/graphql/
-- reference/objects). Files: "Exporting member information for your
-- organization" and "Viewing license usage for GitHub Enterprise".
local ORGANIZATION <const>, ENTERPRISE <const> = "data.organization.", "data.enterprise.ownerInfo."
local SAML <const> = "samlIdentityProvider.externalIdentities."
TOOLS.github = {
  at = table.concat({
    ORGANIZATION .. SAML .. "nodes", ORGANIZATION .. SAML .. "edges",
    ENTERPRISE .. SAML .. "nodes", ENTERPRISE .. SAML .. "edges",
    ORGANIZATION .. "membersWithRole.nodes", ORGANIZATION .. "membersWithRole.edges",
    "items", "users",
  }, "|"),
  needs = { "login", "user", "node", "samlIdentity", "scimIdentity", "github_com_login" },
  pass = function(row)
    local node = row.node ~= null and row.node or row
    local linked = node.samlIdentity ~= nil or node.scimIdentity ~= nil
    if linked and (node.user == nil or node.user == null) then return "no login is linked" end
    if row.type == "Organization" then return "an organization" end
  end,
  columns = {
    id = first("id", "databaseId", "user.databaseId", "node.user.databaseId", "node.databaseId"),
    login = first("login", "user.login", "node.user.login", "node.login", "github_com_login"),
    name = first("name", "user.name", "node.user.name", "node.name", "github_com_name"),
    email = addresses("email", "user.email", "node.user.email", "node.email",
      "organizationVerifiedDomainEmails", "user.organizationVerifiedDomainEmails",
      "node.user.organizationVerifiedDomainEmails", "node.organizationVerifiedDomainEmails",
      "samlIdentity.emails.value", "node.samlIdentity.emails.value",
      "scimIdentity.emails.value", "node.scimIdentity.emails.value",
      "samlIdentity.nameId", "node.samlIdentity.nameId", "samlIdentity.username",
      "node.samlIdentity.username", "scimIdentity.username", "node.scimIdentity.username",
      "saml_name_id", "github_com_verified_domain_emails", "github_com_saml_name_id"),
    active = function(row) if some(row.suspended_at) then return false end end,
    bot = equals("type", "Bot"),
  },
  csv = {
    login = { "login", "username", "githubcomlogin", "githubcomuser" },
    name = { "name", "displayname", "githubcomname" },
    email = { "email", "githubcomverifieddomainemails", "samlnameid", "githubcomsamlnameid" },
  },
}

-- Server and Data Center: GET /rest/api/latest/admin/users and /users
-- (developer.atlassian.com/server/bitbucket/rest). Cloud: GET /2.0/workspaces/
-- {workspace}/members and /permissions (developer.atlassian.com/cloud/bitbucket/
-- rest/api-group-workspaces); addresses are there only if `fields` asks for them.
TOOLS.bitbucket = {
  at = "values",
  needs = { "name", "slug", "nickname", "account_id", "uuid", "user", "username" },
  columns = {
    id = first("user.account_id", "account_id", "user.uuid", "uuid", "user.id", "id"),
    login = first("user.nickname", "nickname", "user.name", "name", "user.username", "username",
      "user.slug", "slug"),
    name = first("user.display_name", "display_name", "user.displayName", "displayName"),
    email = addresses("emailAddress", "user.emailAddress", "user.email", "email"),
    active = function(row)
      local one = type(row.user) == "table" and row.user or row
      if type(one.active) == "boolean" then return one.active end
      if type(one.account_status) == "string" then return one.account_status == "active" end
    end,
    bot = function(row)
      local kind = (type(row.user) == "table" and row.user or row).type
      if kind == "SERVICE" or kind == "app_user" then return true end
      if kind == "NORMAL" or kind == "user" then return false end
    end,
  },
  csv = { id = { "accountid", "atlassianid", "userid" },
    login = { "username", "nickname", "login" }, name = { "fullname", "displayname", "name" },
    email = { "email", "emailaddress" } },
}

-- Cloud: GET /rest/api/3/users/search and /rest/api/3/group/member
-- (developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users), and the
-- files of support.atlassian.com "Export users from a site" and "Export accounts
-- from domains", whose "User name" is a person's name. Server: GET
-- /rest/api/2/user/search (docs.atlassian.com/software/jira/docs/api/REST).
TOOLS.jira = {
  at = "values|users.items",
  needs = { "accountId", "key", "name" },
  columns = {
    id = first("accountId", "key"), login = "name", name = "displayName",
    email = addresses("emailAddress"), active = "active",
    bot = function(row)
      if row.accountType == "app" then return true end
      if row.accountType == "atlassian" then return false end
    end,
  },
  csv = {
    id = { "userid", "atlassianid", "accountid", "id" },
    name = { "fullname", "displayname", "name", "username" }, login = { "username" },
    email = { "email", "emailaddress" }, active = { "userstatus", "status", "active" },
  },
}

-- GET /_apis/graph/users and /_apis/graph/serviceprincipals, learn.microsoft.com
-- /rest/api/azure/devops/graph; GET /_apis/userentitlements, …/memberentitlement
-- management, whose items hold the user. Users of the origin "vsts" are the
-- services' own.
TOOLS.azure = {
  at = "value|members|items",
  needs = { "principalName", "descriptor", "user" },
  pass = function(row)
    local kind = (type(row.user) == "table" and row.user or row).subjectKind
    if kind == "group" then return "a group" end
  end,
  columns = {
    id = first("user.descriptor", "descriptor"),
    login = first("user.principalName", "principalName", "user.directoryAlias", "directoryAlias"),
    name = first("user.displayName", "displayName"),
    email = addresses("user.mailAddress", "mailAddress", "user.principalName", "principalName"),
    active = negated "isDeletedInOrigin",
    bot = function(row)
      local one = type(row.user) == "table" and row.user or row
      if one.subjectKind == nil and one.origin == nil then return nil end
      return one.subjectKind == "servicePrincipal" or one.origin == "vsts"
    end,
  },
  csv = { login = { "principalname", "username", "userprincipalname" }, name = { "displayname",
    "name" }, email = { "mailaddress", "email", "mail" }, id = { "descriptor" } },
}

-- ---- JSON ----

local function has_one(row, names)
  for _, name in ipairs(names) do
    if row[name] ~= nil and row[name] ~= null then return true end
  end
  return false
end

local function names_of(row)
  local names = {}
  for name in pairs(row) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return table.concat(names, ", ", 1, math.min(#names, 12)) .. (#names > 12 and ", …" or "")
end

local function wrong_shape(kind, tool, name, row, line)
  error(core.error { kind = "decode", file = name, line = line, reason = "another shape",
    field = tool.needs[1],
    message = ("%s:%d: this is no account of %s: it has none of the members %s"):format(name, line,
      kind, table.concat(tool.needs, ", ")),
    hint = "it has " .. names_of(row) .. "; is the array of accounts elsewhere (at = \"…\")?" }, 0)
end

local function open_json(kind, tool, input, options)
  local columns = {}
  for field, get in pairs(tool.columns) do columns[field] = get end
  for field, value in pairs(options.columns or {}) do columns[field] = value end
  local o = { encoding = options.encoding, at = options.at or tool.at, lines = options.lines,
    partial = options.partial }
  if input.name:find "%.jsonl$" or input.name:find "%.ndjson$" then
    if options.at == nil and o.lines == nil then o.lines = true end
  end
  local next_value, close = json.reader(input, o)
  return { close = close, mapping = record.by_members(columns, true), next = function()
    local row, line = next_value()
    if not row then return row, line end
    if not has_one(row, tool.needs) then wrong_shape(kind, tool, input.name, row, line) end
    local why = tool.pass and tool.pass(row)
    if why then return false, why end
    return row, line
  end }
end

-- ---- CSV ----

-- The columns that the header has; a column is taken once.
local function csv_columns(tool, options)
  return function(names)
    local by_name, columns, taken = {}, {}, {}
    for _, name in ipairs(names) do
      by_name[name:lower():gsub("[%s_%-]+", "")] = name
    end
    for _, field in ipairs { "id", "name", "login", "email", "active" } do
      for _, known in ipairs(tool.csv[field] or {}) do
        local name = by_name[known]
        if name and columns[field] == nil and not taken[name] then
          columns[field], taken[name] = name, true
        end
      end
    end
    if columns.login == nil then columns.login = false end
    for field, value in pairs(options.columns or {}) do columns[field] = value end
    return columns
  end
end

-- ---- the source ----

-- The first byte that is no blank tells JSON from CSV.
local function is_json(input, options)
  if options.format then return options.format == "json" end
  local pull, close = bytes.open(input, options.encoding)
  local piece, head = pull(), ""
  while piece do
    head = piece:match "%S"
    if head then break end
    piece = pull()
  end
  close()
  return head == "[" or head == "{"
end

-- An input that can be opened only once is looked at and then read.
local function remembered(input, options)
  local pull, close = input.open()
  local tape = bytes.tape(pull)
  local looked = { name = input.name, open = function() return tape(false), function() end end }
  local json_text = is_json(looked, options)
  return { name = input.name, open = function() return tape(true), close end }, json_text
end

local function opener(kind, tool)
  return function(input, source)
    local ready, json_text = remembered(input, source.options)
    if json_text then return open_json(kind, tool, ready, source.options) end
    return csv.open(ready, source.options, csv_columns(tool, source.options))
  end
end

--- Makes the source; see `sei.source.gitlab` and the others.
-- @tparam string kind the tool
-- @tparam table options
-- @treturn source
function vendor.new(kind, options)
  return attempt.check(2, function()
    local what = "sei.source." .. kind
    local o = opt.check(what, options, KINDS)
    record.check_columns(o.columns, what)
    return base.new(kind, o, bytes.inputs(o, what), opener(kind, TOOLS[kind]))
  end)
end

return vendor
