--- Words that name no person, and short forms of given names.
-- @module sei.match.words

local core = require "sei.core"
local view = require "sei.match.view"

local is_generic = core.text.is_generic

local words = {}

-- Programs and posts that several people hold. What many people call their own
-- mailbox ("me", "github") makes no role of an account.
local function is_role(value)
  local _, kind = is_generic(value)
  return kind == "bot" or kind == "role"
end

--- Whether a login or local part is one that says nothing of who has it.
-- @tparam string value
-- @treturn boolean
function words.is_generic(value) return (is_generic(value)) end

--- Whether an account is a role's or a machine's: by its login, the local part
-- of its address, the mark `[bot]` or the field `bot`; by its name if there is
-- nothing else.
-- @tparam table v the view of the account
-- @treturn ?string the word that says so
function words.role_of(v)
  if v.record.bot == true then return "bot" end
  for _, login in ipairs(v.logins) do
    if is_role(login) then return login:lower() end
  end
  for _, email in ipairs(v.emails) do
    local user = view.user(email)
    if user and is_role(user) then return user:lower() end
  end
  local only_name = #v.logins == 0 and #v.emails == 0
  for _, value in ipairs(v.names) do
    if value:lower():find("[bot]", 1, true) or only_name and is_role(value) then return value end
  end
  return nil
end

-- Short forms of given names, as dictionaries of given names list them. Each
-- line: the short form, then what it may stand for.
local SHORT_FORMS <const> = [[
abe abraham
al albert alan alfred
alex alexander alexandra alexandre alexandr aleksandr alejandro alexei
andy andrew andreas
angie angela
barb barbara
bart bartholomew bartosz
basti sebastian
becky rebecca
ben benjamin benedict
bernie bernard
bert albert robert
beth elizabeth
betty elizabeth
bill william
billy william
bob robert
bobby robert
brad bradley
cathy catherine
charlie charles charlotte
chris christopher christian christine christina christoph
chuck charles
cindy cynthia
dan daniel
danny daniel
dave david
deb deborah
debbie deborah
dick richard
dima dmitry dmitri dmitriy
don donald
doug douglas
ed edward edwin eduardo
eddie edward
fred frederick frederic alfred
fritz friedrich
gabe gabriel
gene eugene
geoff geoffrey
gerry gerald
greg gregory
hank henry
hans johannes
harry harold henry
jack john
jake jacob
jamie james
jeff jeffrey geoffrey
jen jennifer
jenny jennifer
jerry gerald jerome jeremy
jess jessica
jessie jessica
jim james
jimmy james
joe joseph
joey joseph
johnny john jonathan
jon jonathan
josh joshua
kate katherine catherine kathryn katharina
kathy katherine kathleen
katie katherine kathryn
ken kenneth
kolya nikolai
larry lawrence laurence
leo leonard leonardo leopold
liz elizabeth
maggie margaret
mandy amanda
manu manuel emmanuel
marty martin
matt matthew matthias
max maximilian maxim maxime
meg margaret
mick michael
mike michael mikhail
misha mikhail
mitch mitchell
nacho ignacio
nate nathan nathaniel
ned edward
nick nicholas nicolas nikolas
nico nicolas nicholas
paco francisco
pam pamela
pasha pavel
pat patrick patricia
patty patricia
peggy margaret
pepe jose
pete peter
phil philip phillip philippe
ray raymond
rich richard
rick richard
rob robert
robbie robert
ron ronald
russ russell
sam samuel samantha
sandy sandra alexander
sasha alexander alexandra aleksandr
seb sebastian
steve stephen steven
stef stefan stephanie
stu stuart
sue susan
ted theodore edward
terry terence
tim timothy
toby tobias
tom thomas
tommy thomas
tony anthony antonio
uli ulrich
val valerie
vicky victoria
vince vincent
vlad vladimir vladislav
vova vladimir
walt walter
wes wesley
will william
wolf wolfgang
zach zachary
zack zachary
zhenya evgeny evgeni yevgeny
]]

-- Short form of a given name → array of the names that it may stand for.
words.short_forms = {}
for line in SHORT_FORMS:gmatch "[^\n]+" do
  local list = {}
  for word in line:gmatch "%S+" do list[#list + 1] = word end
  words.short_forms[table.remove(list, 1)] = list
end

return words
