#!/bin/sh
# How does one person prepare a change, another one approve it, and the machine
# do just that?
#
#   11_two_person_approval.sh plan RECIPE PLAN      whoever keeps the recipe
#   11_two_person_approval.sh approve PLAN KEY      whoever answers for it
#   11_two_person_approval.sh apply PLAN APPROVERS  the machine that writes
#
# KEY is the approver's own private key, APPROVERS a folder with everybody's
# public ones, NAME.pem; whoever prepares plans has none there. To make a pair:
#
#   openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -out me.key
#   openssl pkey -in me.key -pubout -out approvers/me.pem
#
# What is signed is the plan's bytes, and what is applied is the digest of the
# same bytes: a plan that is touched afterwards is not applied, and neither is
# one that the directory has moved away from. SEI_API_KEY and SEI_BASE_URL (or
# SEI_REGION) say where; approving needs no API key at all.
set -eu

usage() {
  sed -n '5,7s/^# *//p' "$0" >&2
  exit 1
}

# Exit status of sei plan: 0 nothing to do, 2 there are rows to write, 3 a guard.
plan() {
  status=0
  sei plan "$1" -o "$2" || status=$?
  if [ "$status" -eq 2 ]; then
    echo "Send $2 to somebody who approves it."
    return 0
  fi
  return "$status"
}

approve() {
  sei show "$1"
  printf 'Sign this plan? Type yes: '
  read -r answer
  [ "$answer" = yes ] || { echo 'not signed'; exit 1; }
  openssl dgst -sha256 -sign "$2" -out "$1.sig" "$1"
  echo "signed: $1.sig"
}

# The name of the approver who signed it.
approver() {
  for key in "$2"/*.pem; do
    if openssl dgst -sha256 -verify "$key" -signature "$1.sig" "$1" >/dev/null 2>&1; then
      basename "$key" .pem
      return 0
    fi
  done
  echo "$1: nobody in $2 has signed this plan" >&2
  return 3
}

# The digest is taken first: if the plan is exchanged after the signature was
# looked at, it is another one, and refused.
apply() {
  digest=$(sha256sum "$1" | cut -d ' ' -f 1)
  name=$(approver "$1" "$2")
  echo "approved by $name"
  sei apply "$1" --approve "$digest"
}

[ "$#" -eq 3 ] || usage
case $1 in
plan|approve|apply) "$@" ;;
*) usage ;;
esac
