--- People and accounts that nobody is, from a seed: invented names of several
--- languages, common ones among them far more frequent than others, and logins
--- as companies make them. For specs and benchmarks.
local names = {}

-- Sounds of which first and last names are made, and what stands between them.
local SOUNDS <const> = {
  { starts = "br d f gr h j k kl l m n r s st t w", middles = "a e i o u ei ie au",
    ends = "n r rt ld ns ck tz mann berg er e" },
  { starts = "b c d f g l m n p r s t v z", middles = "a e i o ia io",
    ends = "ni ri lla tto no ro ldi nte va sco" },
  { starts = "bh ch d g h j k kr m n p r s sh v y", middles = "a aa i u e",
    ends = "n j sh it av esh ya nd k ma ndra" },
  { starts = "b ch d g h j l m q s sh w x y z zh", middles = "a e i ao ia ua o u",
    ends = "n ng i o" },
  { starts = "b d g k l m n p r s v z", middles = "a e i o u y",
    ends = "k v n l ski vić ová ń slav mir" },
  { starts = "ö ä é h k l m n p r s t v", middles = "a e i o u ä ö é",
    ends = "inen la nen son dal ström érez ás" },
  { starts = "Б В Г Д К Л М Н П С Т", middles = "а е и о у", ends = "н р в ов ева ий ко" },
}
local HAN <const> = "王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗文华明国志伟芳娜敏静丽强磊军洋"

local function split(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

-- Numbers from 0 to 2^31 - 1; the same on every machine.
local function generator(seed)
  local state = seed % 2147483647
  if state == 0 then state = 1 end
  return function(n)
    state = state * 48271 % 2147483647
    return n and state % n + 1 or state
  end
end

-- `count` words of one kind, the same ones for the same seed.
local function vocabulary(random, count, syllables)
  local list, seen, sounds = {}, {}, {}
  for i, one in ipairs(SOUNDS) do
    sounds[i] = { starts = split(one.starts), middles = split(one.middles), ends = split(one.ends) }
  end
  while #list < count do
    local s, parts = sounds[random(#sounds)], {}
    for _ = 1, syllables + random(2) - 1 do
      parts[#parts + 1] = s.starts[random(#s.starts)] .. s.middles[random(#s.middles)]
    end
    local word = table.concat(parts) .. s.ends[random(#s.ends)]
    word = word:gsub("^%l", string.upper)
    if not seen[word] then
      seen[word] = true
      list[#list + 1] = word
    end
  end
  return list
end

-- Few words are frequent: about as Zipf says.
local function pick(random, list)
  local x = random(1000000) / 1000000
  return list[math.ceil((#list) ^ x)]
end

local LATIN <const> = { ["ć"] = "c", ["á"] = "a", ["ń"] = "n", ["ö"] = "o", ["ä"] = "a",
  ["é"] = "e" }

-- What a name becomes in an address; nil: nothing.
local function latin(word)
  word = word:gsub("[\xC2-\xF4][\x80-\xBF]*", LATIN):lower()
  return not word:find "[\x80-\xFF]" and word or nil
end

local function han(random)
  local list = {}
  for _, code in utf8.codes(HAN) do list[#list + 1] = utf8.char(code) end
  local name = list[random(20)]
  for _ = 1, random(2) do name = name .. list[20 + random(#list - 20)] end
  return name
end

local FORMS <const> = {
  function(f, l) return f .. "." .. l end, function(f, l) return f .. l end,
  function(f, l) return f:sub(1, 1) .. l end, function(f, l) return f .. l:sub(1, 1) end,
  function(f, l) return l .. f:sub(1, 1) end, function(_, l) return l end,
  function(f, l) return l .. "." .. f end, function(f) return f end,
}

--- `n` people `{id=, name=, email=, first=, last=}`; `first` and `last` are in
-- Latin letters, or nil.
function names.people(n, seed)
  local random, list = generator(seed), {}
  local firsts, lasts = vocabulary(random, 600, 1), vocabulary(random, 4000, 2)
  for i = 1, n do
    local person = { id = ("p%06d"):format(i) }
    local f, l = pick(random, firsts), pick(random, lasts)
    person.name = f .. " " .. l
    if random(25) == 1 then f, l, person.name = "", "", han(random) end
    person.first, person.last = latin(f), latin(l)
    if person.first == "" or not person.first or not person.last then
      person.first, person.last = nil, nil
    end
    person.email = (person.first and FORMS[1](person.first, person.last) or "user" .. i)
      .. (random(4) == 1 and random(99) or "") .. "@example.com"
    list[i] = person
  end
  return list
end

-- One letter wrong.
local function mistype(random, name)
  local at = random(#name)
  if name:find "[\x80-\xFF ]" or at < 2 then return name end
  return name:sub(1, at - 1) .. name:sub(at + 1)
end

--- `n` accounts of those people, `{id=, login=, name=, email=, person=}`:
-- `person` is the index of who it is. Some show a login alone, some a name.
function names.accounts(people, n, seed)
  local random, list = generator(seed), {}
  for i = 1, n do
    local k = (i - 1) % #people + 1
    local person = people[k]
    local form = person.first and FORMS[random(#FORMS)](person.first, person.last)
      or person.email:match "^[^@]*"
    local account = { id = ("a%06d"):format(i), person = k, login = form, name = "", email = "" }
    if random(3) == 1 then account.login = form .. random(999) end
    if random(2) == 1 then account.name = person.name end
    if random(20) == 1 then account.name = mistype(random, account.name .. "xx"):gsub("x+$", "") end
    if random(5) == 1 then account.email = account.login .. "@users.noreply.github.com" end
    list[i] = account
  end
  return list
end

return names
