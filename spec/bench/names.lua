--- Lists of names for benchmarks, the same for one seed: common given and
-- family names of several cultures, the frequent ones often and the rare ones
-- rarely (as 1 / (rank + 8)), some with a middle name, an initial or the family
-- name first, some in other scripts, some with a typing error.
local names = {}

local GIVEN = [[
michael david maria john anna james robert daniel thomas christian alexander martin andreas peter
mohammed jose ana juan carlos luis antonio francisco wei ming li yan jing priya rahul amit sanjay
anil sunita deepak ravi sergey dmitry alexey andrey olga elena natalia ivan mikhail vladimir igor
tatiana svetlana pierre jean marie nicolas julien sophie camille francois laurent philippe stefan
matthias sebastian florian tobias johannes katharina julia laura lisa sarah jessica emily emma
olivia william richard charles joseph christopher matthew anthony mark steven paul andrew joshua
kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan
stephen larry justin scott brandon benjamin samuel gregory frank raymond patrick jack dennis jerry
tyler aaron henry adam nathan zachary noah ethan kyle albert victor diego jorge miguel pedro pablo
fernando rafael eduardo ricardo manuel alberto javier sofia isabella lucia valentina camila mariana
giovanni marco luca andrea matteo alessandro francesca chiara giulia lorenzo pawel piotr krzysztof
tomasz marcin lukasz jakub michal agnieszka katarzyna malgorzata joanna magdalena jan petr jiri
tomas pavel lars erik anders johan mikael karin ingrid astrid bjorn sven mikko juhani timo hannu
kenji hiroshi takashi yuki akira satoshi haruka sakura minjun jiho seoyeon hyun nguyen thanh minh
linh huong ahmed ali omar hassan fatima aisha khalid youssef mehmet mustafa ayse emre can zeynep
yusuf kwame amara chidi ngozi thabo zanele tendai aroha tane mary-jane jean-luc zoë björn łukasz
søren jürgen rené chloé siân íris núria željko čestmír dvořák şule İlker]]

local FAMILY = [[
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez
wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark
ramirez lewis robinson walker young allen king wright scott torres nguyen hill flores green adams
nelson baker hall rivera campbell mitchell carter roberts wang li zhang liu chen yang huang zhao wu
zhou xu sun ma zhu hu guo he lin gao luo kumar singh sharma gupta patel das reddy rao nair iyer
mehta shah joshi verma agarwal banerjee chatterjee mukherjee ivanov petrov sidorov smirnov
kuznetsov popov vasiliev sokolov mikhailov novikov fedorov morozov volkov alekseev lebedev semenov
egorov pavlov kozlov stepanov muller schmidt schneider fischer weber meyer wagner becker schulz
hoffmann schafer koch bauer richter klein wolf schroder neumann schwarz zimmermann braun kruger
hofmann hartmann lange werner krause meier lehmann schmid schulze maier kohler herrmann konig
walter mayer huber kaiser fuchs peters lang scholz moller weiss jung hahn vogel friedrich dubois
durand leroy moreau simon laurent lefebvre michel garcia bertrand roux vincent fournier morel girard
andre mercier dupont lambert bonnet francois rossi russo ferrari esposito bianchi romano colombo
ricci marino greco bruno gallo conti deluca costa giordano mancini rizzo lombardi moretti nowak
kowalski wisniewski wojcik kowalczyk kaminski lewandowski zielinski szymanski wozniak dabrowski
kozlowski jankowski mazur kwiatkowski novak svoboda novotny dvorak cerny prochazka kucera horak
hansen johansen olsen larsen andersen pedersen nilsen kristiansen jensen karlsen berg haugen
johansson andersson karlsson nilsson eriksson larsson olsson persson svensson gustafsson korhonen
virtanen makinen nieminen makela tanaka suzuki sato takahashi watanabe ito yamamoto nakamura
kobayashi kato yoshida yamada sasaki kim park choi jeong kang cho yoon jang lim silva santos
oliveira
souza pereira ferreira alves ribeiro rodrigues almeida nascimento carvalho araujo costa gomes yilmaz
kaya demir celik sahin yildiz yildirim ozturk aydin ozdemir hussein hassan ibrahim abdullah mahmoud
okafor okonkwo adeyemi mensah ndlovu dlamini van-dijk de-vries van-den-berg o'brien o'connor
mcdonald
mackenzie fitzgerald papadopoulos nikolaidis]]

local OTHER = { "王伟", "李娜", "张敏", "刘洋", "陈静", "王小明", "Иванов Сергей", "Ольга Смирнова",
  "Дмитрий Попов", "محمد علي", "فاطمة حسن", "राहुल शर्मा", "प्रिया सिंह", "김민준", "이서연", "佐藤健",
  "鈴木花子", "Γιώργος Παπαδόπουλος", "Ελένη Νικολαΐδου", "דוד כהן", "สมชาย ใจดี" }

local function words(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

-- A drawer of words, whose shares fall with their rank.
local function weighted(list, random)
  local sums, sum = {}, 0
  for i = 1, #list do
    sum = sum + 1 / (i + 8)
    sums[i] = sum
  end
  return function()
    local at, low, high = random() * sum, 1, #list
    while low < high do
      local middle = (low + high) // 2
      if sums[middle] < at then low = middle + 1 else high = middle end
    end
    return list[low]
  end
end

local function capital(word)
  return (word:gsub("^%l", string.upper))
end

-- One letter of ASCII lost, doubled, replaced or swapped with its neighbour.
local function mistyped(name, random)
  local at = random(2, #name)
  local a, b = name:byte(at - 1, at)
  if a > 127 or b > 127 then return name end
  local before, here, after = name:sub(1, at - 2), name:sub(at - 1, at), name:sub(at + 1)
  return before .. ({ here:sub(1, 1), here:sub(1, 1) .. here, here:sub(1, 1)
    .. string.char(96 + random(26)), here:reverse() })[random(4)] .. after
end

--- A list of names.
-- @tparam integer n how many
-- @tparam integer seed
-- @treturn {string,...}
function names.list(n, seed)
  local state = seed * 2654435761 % 2 ^ 31 // 1 | 1
  local function random(from, to)
    state = (state * 1103515245 + 12345) & 0x7fffffff
    if not from then return (state >> 4) / (0x7fffffff >> 4) end
    if not to then from, to = 1, from end
    return from + (state >> 8) % (to - from + 1)
  end
  local given, family = weighted(words(GIVEN), random), weighted(words(FAMILY), random)
  local list = {}
  for i = 1, n do
    local first, last, way = capital(given()), capital(family()), random(100)
    local name = first .. " " .. last
    if way <= 8 then name = first .. " " .. capital(given()) .. " " .. last
    elseif way <= 13 then name = first .. " " .. capital(given()):sub(1, 1) .. ". " .. last
    elseif way <= 20 then name = last .. ", " .. first
    elseif way <= 23 then name = first:sub(1, 1) .. ". " .. last
    elseif way <= 28 then name = first
    elseif way <= 31 then name = (first:sub(1, 1) .. last):lower()
    elseif way <= 34 then name = OTHER[random(#OTHER)]
    elseif way <= 37 then name = last .. " " .. capital(family()) .. " " .. first end
    if random(100) <= 12 and #name > 3 then name = mistyped(name, random) end
    list[i] = name
  end
  return list
end

return names
