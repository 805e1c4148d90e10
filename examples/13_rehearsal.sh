#!/bin/sh
# What would my recipe do? A rehearsal on a copy of the directory.
#
#   SEI_REGION=prod1 SEI_API_KEY=… sh examples/13_rehearsal.sh RECIPE.lua [FOLDER]
#
# Reads the directory once, gives the copy to the emulator, and there plans,
# applies and takes back what the recipe says. The service itself is only read.
# Everything that is made stays in FOLDER (rehearsal): copy, plan, journal, page.
set -eu
recipe=${1:?usage: 13_rehearsal.sh RECIPE.lua [FOLDER]}
folder=${2:-rehearsal}
mkdir -p "$folder"
umask 077

sei get contributors --jsonl --output "$folder/contributors.jsonl"

# The emulator says where it is when it is ready, and ends with its input.
rm -f "$folder/in" "$folder/out"
mkfifo "$folder/in" "$folder/out"
sei emulator --until-eof --load "$folder/contributors.jsonl" \
  <"$folder/in" >"$folder/out" &
exec 3>"$folder/in" 4<"$folder/out"
read -r line <&4
rm "$folder/in" "$folder/out"

# From here on nothing leads to the service: neither its address nor the key.
unset SEI_REGION SEI_API_KEY_FILE SEI_API_KEY_COMMAND
export SEI_BASE_URL="${line#listening on }" SEI_API_KEY=rehearsal SEI_PACE=no
export XDG_STATE_HOME="$folder/state"

plan=$folder/plan.jsonl
status=0
rm -f "$plan" "$plan.journal"
sei plan "$recipe" -o "$plan" || status=$?
sei report "$plan" -o "$folder/report.html"
if [ "$status" = 2 ]; then
  sei apply "$plan" --approve "$(sha256sum "$plan" | cut -d ' ' -f 1)"
  rm -f "$folder/undo.jsonl"
  sei undo "$plan.journal" -o "$folder/undo.jsonl" || [ $? = 2 ]
fi
exec 3>&-
wait
exit "$status"
