#!/bin/bash
# live.sh - compares rdbkit with running servers, on data nobody has seen before.
#
#   usage: ./live.sh [-s SEED] [-d SETS] [-f FILES] [SERVER...]
#
#     -s SEED   makes all choices; a new one each time by default. It is printed
#     -d SETS   random data sets of each server (default 3)
#     -f FILES  damaged files put to each server (default 250)
#     SERVER    names of testdata/get-servers.sh (default: those below)
#
# 1. The servers are fetched into .servers, unless they are there.
# 2. Each fills itself with random data sets, saves them, tells all that is in them, and loads them again.
# 3. The sets are damaged; each server is started on each damaged file.
# 4. rdbkit-live compares: data sets load, keys of each database, types, expiries and libraries are the server's;
#    so are digests, of all and of each key; of damaged files, the verdict is what the server did,
#    and the digest of what it loads is the server's.
#    From the file and through a pipe.
# 5. Each server loads what `rdbkit extract` makes of its data sets; DEBUG DIGEST says whether it is the selection.
# 6. Each server takes what `rdbkit export` makes of them as commands, and holds the same then.
# 7. Estimates of memory are compared with what each server says of its keys, within bounds.
# 8. Each server loads what `rdbkit salvage` makes of damaged sets; the other keys are what they were.
# 9. `rdbkit diff` finds no difference between a data set and copies in other encodings and of other servers, and after
#    random commands exactly those the server's answers tell.
# 10. Each command of the runbook is run, and has to do and to print what is written there.
# 11. The test `truth` compares every key and every value.
#
# The last line is "N passed, N failed". Exit code: 0 nothing failed, 1 something did, or could not be had at all.
# All that was made is in target/live; files of which server and rdbkit think differently are in
# target/live/disagree, each with one cut down as far as they still do (.min.rdb), and stay there until the next run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

SERVERS="redis-7.0-bookworm redis-8.0-sid valkey-8.1-trixie valkey-9-sid"
seed=$(date +%s) sets=3 files=250
while getopts s:d:f:h option; do
  case $option in
  s) seed=$OPTARG ;;
  d) sets=$OPTARG ;;
  f) files=$OPTARG ;;
  *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- $SERVERS
only=$(IFS=,; echo "$*")
out=$PWD/${CARGO_TARGET_DIR:-target}/live
case ${CARGO_TARGET_DIR:-} in /*) out=$CARGO_TARGET_DIR/live ;; esac

passed=0 failed=0
step() { echo "== $*"; }
end() { echo "$passed passed, $failed failed"; [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]; exit; }
give_up() { echo "live: $*" >&2; failed=$((failed + 1)); end; }

step "seed $seed (again: ./live.sh -s $seed -d $sets -f $files $*)"
# the runbook moves data between the two that are named
testdata/get-servers.sh .servers "$@" redis-8.0-sid valkey-9-sid || give_up "a server cannot be had"

rm -rf "$out"; mkdir -p "$out"
cargo build --quiet -p rdbkit -p rdbkit-live || give_up "rdbkit does not build"
bin=${out%/live}/debug

step "data sets"
for i in $(seq "$sets"); do
  # the last is a big one; the others are small, so that damage meets something
  keys=40; [ "$i" -lt "$sets" ] || keys=300
  group=small; [ "$i" -lt "$sets" ] || group=large
  if python3 testdata/generate.py --random --seed "$((seed + i))" --keys "$keys" --only "$only" \
    --out "$out/data/$group-$((seed + i))"; then
    passed=$((passed + $#))
  else
    give_up "data set $((seed + i)): not every server came back to it"
  fi
done

step "damaged files"
mkdir -p "$out/damage"
for set in "$out"/data/small-*; do [ ! -e "$set" ] || ln -s "$set" "$out/damage/"; done
[ -n "$(ls "$out/damage")" ] || ln -s "$out"/data/* "$out/damage/"
python3 testdata/mutate.py --data "$out/damage" --out "$out/asked" --only "$only" --seed "$seed" --files "$files" ||
  give_up "not all files could be put to the servers"

step "verdicts and counts"
status=0
"$bin/rdbkit-live" "$bin/rdbkit" "$out" | tee "$out/live.log" || status=$?
counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$out/live.log") || give_up "rdbkit-live had nothing to compare"
read -r p _ f _ <<<"$counts"
passed=$((passed + p)) failed=$((failed + f))
[ "$status" -eq 0 ] || [ "$f" -gt 0 ] || give_up "rdbkit-live ended with $status"

for server in "$@"; do
  kept=("$out/disagree/$server"-*.rdb)
  [ -e "${kept[0]}" ] || continue
  step "what $server and rdbkit differ in, cut down"
  python3 testdata/minimise.py "${kept[@]}" --only "$server" --rdbkit "$bin/rdbkit" || true
done

# judge WHAT COMMAND...: a step that prints "N passed, N failed"
judge() {
  local what=$1 counts p f
  shift
  step "$what"
  "$@" | tee "$out/$what.log" || true
  counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$out/$what.log") || give_up "$what: nothing was judged"
  read -r p _ f _ <<<"$counts"
  passed=$((passed + p)) failed=$((failed + f))
}
judged=(--data "$out/data" --rdbkit "$bin/rdbkit" --only "$only")
judge extracts python3 testdata/judge_extract.py "${judged[@]}"
judge exports python3 testdata/judge_export.py "${judged[@]}"
judge memory python3 testdata/measure_memory.py "${judged[@]}" --median 1 --p95 10 --total 5
judge differences python3 testdata/judge_diff.py "${judged[@]}" --seed "$seed"
judge salvages python3 testdata/judge_salvage.py "${judged[@]}" --seed "$seed"
judge runbook python3 testdata/judge_runbook.py --rdbkit "$bin/rdbkit" --only "$only"

step "keys and values"
status=0
RDBKIT_CORPUS=$out/data cargo test --workspace --test truth 2>&1 | tee "$out/truth.log" || status=$?
read -r p f <<<"$(awk '/^test result:/ { p += $4; f += $6 } END { print p + 0, f + 0 }' "$out/truth.log")"
passed=$((passed + p)) failed=$((failed + f))
if [ "$f" -eq 0 ]; then
  [ "$status" -eq 0 ] && [ "$p" -gt 0 ] || give_up "the test truth did not run"
fi

[ "$failed" -eq 0 ] || echo "live: failed with seed $seed; see above, and $out/disagree" >&2
end
