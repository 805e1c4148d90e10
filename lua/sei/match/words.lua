--- Words that name no person: roles, machines, and what people call a mailbox.
-- @module sei.match.words

local words = {}

local function set(text)
  local list = {}
  for word in text:gmatch "%S+" do list[word] = true end
  return list
end

--- Logins and local parts of offices and machines (RFC 2142 sections 3 to 6
-- for the first of them). An account that has one decides nothing.
words.role = set [[
abuse accounting accounts admin administrator alerts anonymous backup bamboo billing bot bots
build builder buildbot builds careers ci circleci compliance cron customerservice daemon dba
default deploy deployer deployment enquiries everyone feedback finance ftp guest helpdesk
hostmaster hr info infra inquiries jenkins jobs legal listserv localhost mailerdaemon maintenance
marketing monitor monitoring newsletter nobody noc none noreply donotreply notification
notifications office operations ops orders postmaster press privacy prod production qa
recruiting registrar release releases renovate dependabot robot root sales security service
services shop spam staff staging subscribe support sys sysadmin system teamcity test tester
testing tests trouble ubuntu unknown usenet uucp vagrant webmaster www
]]

--- Words that many people have before the @ of their own domain, or that stand
-- for a name: no key, but the account may well be a person's.
words.generic = set [[
all api app apps bitbucket blog box bugs code commit commits contact contacts cloud data db debian
dev devel develop developer developers devnull devops docs email emails example firstname
firstnamelastname fullname git github gitlab hello hey hi home iam info inbox ich io it jira laptop
lastname lists local mac macbook mail mailbox mailer mails me media moi my mymail myself name news
null office open opensource oss pc personal post priv private public self server software src
student study subversion svn team tech user userid username users web website work workmail you
your youremail yourname
]]

-- "[bot]" is GitHub's mark of an app; GitLab names the users of its access
-- tokens project_1_bot_x and group_1_bot_x.
local MACHINES <const> = { "%[bot%]", "[-_. ]bot$", "^project_%d+_bot", "^group_%d+_bot",
  "^svc[-_.]", "^service[-_.]account" }

local function is_machine(value)
  value = value:lower()
  for _, pattern in ipairs(MACHINES) do
    if value:find(pattern) then return true end
  end
  return false
end

--- Whether an account is a role's or a machine's: by its login, the local part
-- of its address, the mark `[bot]` or the field `bot`.
-- @tparam table v the view of the account
-- @treturn ?string the word that says so
function words.role_of(v)
  if v.record.bot == true then return "bot" end
  for _, list in ipairs { v.logins, v.local_parts } do
    for _, value in ipairs(list) do
      if words.role[value:lower():gsub("[^%w]", "")] or is_machine(value) then return value end
    end
  end
  local only_name = #v.logins == 0 and #v.emails == 0
  for _, value in ipairs(v.names) do
    if value:lower():find "%[bot%]" or only_name and words.role[value:lower():gsub("%s", "")] then
      return value
    end
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

--- Short form of a given name → array of the names that it may stand for.
words.short_forms = {}
for line in SHORT_FORMS:gmatch "[^\n]+" do
  local list = {}
  for word in line:gmatch "%S+" do list[#list + 1] = word end
  words.short_forms[table.remove(list, 1)] = list
end

return words
