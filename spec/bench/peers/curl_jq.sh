#!/bin/sh
# curl_jq - curl and jq, page by page.
#   sh curl_jq.sh JOB URL PAGE_SIZE WINDOW TOTAL     JOB: list, list3
# TOTAL is given, so that jq has to read each page once only.
set -eu
job=$1 url=$2/v1/org/users/list page_size=$3 total=$5
all='def visit: (.id|tonumber) + (.org_uuid|length) + (if .full_name != "" then 1 else 0 end)
  + (.email|length) + (.additional_fields.region|length) + (.created_at % 1000)
  + (.updated_at % 1000)
  + ([.integration_user_ids[] | (.integration_id|tonumber) + (.user_id|length)] | add // 0);'
three='def visit: (.id|tonumber) + (.email|length) + (if .full_name != "" then 1 else 0 end);'
case $job in list3) visit=$three ;; *) visit=$all ;; esac
page=0
while [ $((page * page_size)) -lt "$total" ]; do
  curl -sf -X POST -H 'x-api-key: bench-key' -H 'Content-Type: application/json' \
    -d "{\"page\":$page,\"page_size\":$page_size,\"filter\":{}}" "$url"
  page=$((page + 1))
done | jq -rn "$visit reduce (inputs | .records[]) as \$r ({n: 0, s: 0};
  .n += 1 | .s += (\$r | visit)) | \"records \(.n) sum \(.s)\""
