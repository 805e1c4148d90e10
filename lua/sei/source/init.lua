--- Where people and accounts come from.
--
--     for account in sei.source.csv { file = "gitlab.csv", columns = { login = "User Name" } } do
--       print(account.login, account.source.line)
--     end
--
-- A source is what `sei.match.run` takes as `people` and `accounts`. Each record
-- has the fields that were found: `id`, `integration_id`, `login`, `name`, `email`,
-- `active`, `bot`, and the lists `emails`, `names`, `logins`; it keeps all else that
-- its row has, and says in `source` where it stood (`file`, `line`). A source can
-- be walked again and again, counts what it read (`source:counts()`), and loses
-- nothing silently: a bad row is an error that names file, line, field and value,
-- unless `on_bad` is a function, which is given that error; then the row is left
-- out and counted.
--
-- A source is called for its next record and gives nil at the end; then it begins
-- anew, and so does every `for` loop. It raises an error object for what it cannot
-- read. Its methods:
--
-- * `source:all()`: an array of all records; or nil and an error object
-- * `source:records()`: an iterator of its own, for loops inside loops; a `for`
--   loop over it that ends early closes the file at once
-- * `source:counts()`: of the last walk `records`; `skipped` rows, `reasons` (why →
--   how many) and the first 100 `problems`, error objects; `blank` rows; `passed`,
--   why → how many that are no people or accounts; `columns`: which column each
--   field came from, and `guessed`: which of them by well-known names; `complete`:
--   whether all was read
-- * `source:close()`: closes the file of a walk that did not come to its end
--
-- Options of all sources that read files:
--
-- * `file`: a path, or an array of paths that are read one after the other; or
--   `text`, the text itself; or `chunks`, a function that gives its pieces (such
--   a source is read only once)
-- * `name`: what messages call it
-- * `encoding`: "auto" (UTF-8, or what a byte order mark says), "utf-8",
--   "utf-16", "utf-16le", "utf-16be", "latin-1", "windows-1252", or another that
--   the system's iconv knows
-- * `columns`: which column each field is: a name (upper and lower case are the
--   same), an array of names (parts of a name; several addresses; else the first
--   that is not empty), a function of the row, or false for none. Fields that are
--   not in it are taken from columns with well-known names ("E-Mail", "User
--   Name"); `source:counts().guessed` tells which
-- * `integration_id`: of all the accounts
-- * `on_bad`: "error", or a function
-- @module sei.source

local source = {}

--- Rows of a CSV file.
--
-- The delimiter is found out (comma, semicolon or tab) if it is not given. Rows
-- of which nothing but blanks is left are passed over and counted.
-- @tparam table options those above, and: `delimiter`; `header`: an array of names, if
-- the file has no header row; `ragged`: "error" or "fill", what a row with too few fields is
-- @treturn source
function source.csv(options) return require "sei.source.csv".new(options) end

--- Objects of JSON: an array, JSON Lines, or values one after the other.
--
-- Names in `columns` may be paths: "profile.displayName", "emails.1.value".
-- @tparam table options those above, and: `at`: the path of the array in an object around
-- it, "data.users", or several with "|" between them; `lines`: each line is a
-- record for itself, and a bad one can be left out (true for files named .jsonl and .ndjson)
-- @treturn source
function source.json(options) return require "sei.source.json".new(options) end

--- Entries of an LDAP directory, as ldapsearch writes them (LDIF, RFC 2849).
--
-- `uid` or `sAMAccountName` is the login, `displayName` or `cn` the name, `mail`
-- the address; other values of these, and `proxyAddresses`, are the lists.
-- Attributes with several values are arrays; what is no text stays base64, under
-- its name with "::" behind it. Entries whose classes are no person's are passed
-- over and counted. Changes and values that are addresses of files are refused;
-- a search that did not end well is an error.
-- @tparam table options those above, and: `filter`: a function that is given an entry and says
-- whether it is taken, instead of the classes
-- @treturn source
function source.ldif(options) return require "sei.source.ldif".new(options) end

--- Tables of Lua: an array, or an iterator, that gives them.
--
-- Nothing in them is changed: records are copies. An iterator that is a function
-- is walked only once. A row that says in `source` where it stood keeps that.
-- @tparam {table,...}|function rows
-- @tparam ?table options `columns` (names may be paths), `integration_id`, `on_bad`, `name`
-- @treturn source
function source.rows(rows, options) return require "sei.source.rows".new(rows, options) end

--- People from a .mailmap of git: whose names and addresses belong together
-- (gitmailmap(5): all four forms, comments, upper and lower case are the same).
--
-- A person has the proper address and name; `emails` are the other addresses,
-- `names` the other names. An address that the file maps for certain names only is
-- nobody's own: it stands in `pairs`, as `{name=, email=}`. What git would show for
-- one author: `require "sei.source.mailmap".parse`.
-- @tparam table options those above; several files make one map, as in git
-- @treturn source
function source.mailmap(options) return require "sei.source.mailmap".new(options) end

--- Writes people as a .mailmap of git.
-- @tparam {table,...}|function people each with `email`, and a `name` or `emails`; `names`
-- @tparam table options `file`: its path, where it appears whole or not at all; or `to`: a function
-- that is given the text
-- @treturn ?boolean true; or nil and an error object
function source.write_mailmap(people, options)
  return require "sei.source.mailmap".write(people, options)
end

--- What SEI knows already.
--
-- `what` is "people": the contributors, whose identities are their `logins`;
-- "accounts": all identities, linked and unlinked ones, as the contributors have
-- them; "identities": those of `list_identities`; "licensed": those of
-- `list_licensed`. An account says in `mapped_to` whose it is. `source.line` is the
-- number of the service's record.
-- @tparam client client
-- @tparam ?table options `what` ("people"); `integration_id`: only accounts of this one; `list`:
-- options for the client's list function; `columns`, `on_bad`
-- @treturn source
function source.directory(client, options)
  return require "sei.source.directory".new(client, options)
end

--- Accounts of GitLab: answers of its users, members and SAML APIs as JSON, or its
-- exports as CSV.
--
-- Files may hold the pages one after the other. `username` is the login; the
-- addresses are all that the answer shows.
-- @tparam table options those above, and those of `sei.source.json`; `format`: "json" or "csv",
-- which is found out otherwise; `delimiter`
-- @treturn source
function source.gitlab(options) return require "sei.source.vendor".new("gitlab", options) end

--- Accounts of GitHub: answers of its REST API (users, members), of GraphQL (the
-- identities of a SAML provider, membersWithRole), or its exports as CSV or JSON.
-- @tparam table options as those of `sei.source.gitlab`
-- @treturn source
function source.github(options) return require "sei.source.vendor".new("github", options) end

--- Accounts of Bitbucket Server and Data Center (users) or Cloud (a workspace's
-- members).
-- @tparam table options as those of `sei.source.gitlab`
-- @treturn source
function source.bitbucket(options) return require "sei.source.vendor".new("bitbucket", options) end

--- Accounts of Jira Cloud and Server: answers of their user searches, or an
-- organization's export of its users as CSV.
-- @tparam table options as those of `sei.source.gitlab`
-- @treturn source
function source.jira(options) return require "sei.source.vendor".new("jira", options) end

--- Accounts of Azure DevOps: answers of its graph (users) or of its user
-- entitlements.
-- @tparam table options as those of `sei.source.gitlab`
-- @treturn source
function source.azure(options) return require "sei.source.vendor".new("azure", options) end

return source
