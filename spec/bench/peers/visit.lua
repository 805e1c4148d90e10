-- visit - what every contestant in Lua adds up of the records that it visits,
-- so that all of them can be seen to have read the same.
local visit = {}

-- Every field counts.
function visit.all(r)
  local sum = tonumber(r.id) + #r.org_uuid + (r.full_name ~= "" and 1 or 0) + #r.email
    + #r.additional_fields.region + r.created_at % 1000 + r.updated_at % 1000
  for _, login in ipairs(r.integration_user_ids) do
    sum = sum + tonumber(login.integration_id) + #login.user_id
  end
  return sum
end

-- Three of them.
function visit.three(r)
  return tonumber(r.id) + #r.email + (r.full_name ~= "" and 1 or 0)
end

function visit.tell(records, sum)
  print(("records %d sum %d"):format(records, sum))
end

return visit
