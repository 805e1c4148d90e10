--- The parts that people's names are made of, as shown and as in addresses.
local names = {}

local GIVEN = [[
Anna Liam Zoë|zoe Mateo Sofía|sofia Noah Amélie|amelie Oliver Björn|bjorn Emma
Łukasz|lukasz Mia Jürgen|juergen Ada Søren|soeren Lucía|lucia Ethan Chloé|chloe Hugo
İrem|irem Omar Nadia Ravi Priya Kenji Yuki 伟|wei 芳|fang 지훈|jihoon 서연|seoyeon
Олег|oleg Ольга|olga Ελένη|eleni Γιώργος|giorgos Ahmed Fatima
محمد|mohammed ليلى|layla Nguyễn|nguyen Thị|thi Aroha Tane Kwame Amara Chidi Zanele
Mary-Jane|maryjane Jean-Luc|jeanluc André|andre Renée|renee Günther|guenther Käthe|kaethe
Ōtani|otani Siobhán|siobhan Pádraig|padraig Ieuan Gwen Þór|thor Ásta|asta Jiří|jiri
Zdeňka|zdenka Živa|ziva Alexander Alexandra Maximilian Katharina Benjamin Charlotte Samuel
Grace Daniel Ruth Michael Hannah William Alice Robert Eve Edward Clara Thomas Jane Peter Paula
Martin Vera Viktor Irina Dmitri Elena Carlos Beatriz João|joao Inês|ines Pedro Catarina Diego
Valentina Marco Giulia Luca Chiara Pierre Camille Antoine Manon Lars Ingrid Nils Freja Mikko
Aino Jakub Agnieszka Marek Dorota Tom Sue Al Bo Wu Li]]

local STEMS = [[
Ander Berg Carl Dahl Eder Fisch Gold Hart Iver Jans Kowal Lind Moor Nor Olsz Peter Quin Rosen
Schul Thor Ulr Vogel Wei Young Zim Ash Black Craw Dun Ell Fair Green Har Ing Jen King Lang Mac
North Oak Park Ross Stein Tan Under Van West Yar Zub Mül|muel Sör|soer Gó|go Łab|lab
Dvoř|dvor Žel|zel Šim|sim Ćir|cir Pé|pe Nuñ|nun Grø|groe Åk|ak Ünl|unl Be Du]]

local ENDINGS = [[
son sen man mann ski ska er ley ton ford field wood land berg stein ström|strom gaard feld
bauer hoff hurst ler ova ová|ova ić|ic ak escu oğlu|oglu idis ez es ux]]

-- Each part as shown, and in letters a to z.
local function parts(text)
  local shown, plain = {}, {}
  for part in text:gmatch "%S+" do
    local a, b = part:match "^(.-)|(.*)$"
    shown[#shown + 1] = a or part
    plain[#plain + 1] = b or part:lower()
  end
  return shown, plain
end

--- Given names as shown, and in letters a to z.
names.given, names.given_plain = parts(GIVEN)
--- Family names, likewise.
names.family, names.family_plain = {}, {}
do
  local stem, stem_plain = parts(STEMS)
  local ending, ending_plain = parts(ENDINGS)
  for i = 1, #stem do
    for k = 1, #ending do
      names.family[#names.family + 1] = stem[i] .. ending[k]
      names.family_plain[#names.family_plain + 1] = stem_plain[i] .. ending_plain[k]
    end
  end
end

names.domains = { "initech.example", "globex.example", "umbrella.example", "example.com" }
names.regions = { "emea", "amer", "apac", "latam" }
names.departments = { "Platform", "Payments", "Mobile", "Data", "Security", "R & D", "Support",
  "Développement" }

return names
