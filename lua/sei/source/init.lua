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
--   how many) and the first 100 `problems`, error objects; `blank` rows; `columns`:
--   which column each field came from, and `guessed`: which of them by well-known
--   names; `complete`: whether all was read
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

return source
