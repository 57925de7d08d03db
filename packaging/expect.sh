# What the tests of packages share: to be sourced, by bash.
# shellcheck shell=bash

passed=0 failed=0
output=$(mktemp)
expect() { # what, then a command
  local what=$1
  shift
  if "$@" >"$output" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $what" >&2
    sed 's/^/  /' "$output" >&2
  fi
}
# Whether a command prints these words, whatever its exit code.
says() {
  local words=$1 said
  shift
  said=$("$@" 2>&1) || true
  case $said in *"$words"*) ;; *) echo "$* says: $said"; return 1 ;; esac
}
under() { [ "$1" -lt "$2" ] || { echo "$1 is not less than $2"; return 1; }; }
# Microseconds of the fastest of twenty starts of a program: what the machine does meanwhile is not ours.
start_up() {
  local best=1000000 begin took
  for _ in $(seq 20); do
    begin=${EPOCHREALTIME/./}
    "$1" --version >/dev/null
    took=$((${EPOCHREALTIME/./} - begin))
    [ "$took" -ge "$best" ] || best=$took
  done
  echo "$best"
}
# The last line, and whether all is well.
tell() {
  rm -f "$output"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
