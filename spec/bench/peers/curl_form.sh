#!/bin/sh
# curl_form - curl sending a file as a form.
#   sh curl_form.sh upload_form URL FILE
exec curl -sf -o /dev/null -X PATCH -H 'x-api-key: bench-key' \
  -F "file=@$3;type=text/csv" "$2/v2/developers/identities"
