-- How does a custom field of SEI follow what HR says?
--
--   sei plan examples/12_custom_field_recipe.lua -o plan.jsonl
--   sei show plan.jsonl
--   sei apply plan.jsonl --approve DIGEST
--
-- The export of HR, hr.csv (or the file that HR_EXPORT names), has the columns
-- email, name, country and cost_center. The field `region` is made of the
-- country. Other fields stay as they are, people whom HR does not know are
-- reported and left alone, and more than 10 people (or 5 %) whose value would be
-- overwritten stop the plan; `--max-fields N` lets N pass.

local sei = require "sei"

local REGIONS = { DE = "emea", FR = "emea", GB = "emea", JP = "apac", IN = "apac", US = "amer",
  CA = "amer", BR = "latam" }

return {
  name = "regions from HR",
  people = sei.source.csv { file = os.getenv "HR_EXPORT" or "hr.csv" },

  -- Called with HR's record and the contributor of SEI with the same address. What
  -- it returns is set; nil leaves the contributor alone, sei.null empties a field.
  fields = function(person)
    local country = person.country or ""
    if country == "" then return nil end
    local region = REGIONS[country:upper()]
    if not region then error("no region is known for the country " .. country) end
    return { region = region }
  end,

  protect = { "*@contractors.example" },
}
