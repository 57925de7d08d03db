#!/bin/bash
# live-aof.sh - holds rdbkit's work on append-only logs against running servers, on logs nobody has seen before.
#
#   usage: ./live-aof.sh [-s SEED] [-n CHECKS] [-k KILLS] [-j PROCESSES] [-p PART,..] [-a CHECK] [SERVER...]
#
#     -s SEED       makes all choices; a new one each time by default. It is printed
#     -n CHECKS     cuts, drops, repairs and digests of each server (default 24), and twice as many verdicts
#     -k KILLS      how often cut and drop are killed (default 16 times each)
#     -j PROCESSES  at a time (default: as many as there are processors)
#     -p PART,..    only these: cut, drop, repair, digest, verdict, defect, kill
#     -a CHECK      with -s, one check again by the name it failed with, such as cut:valkey-9-sid:aof-base:3
#     SERVER        names of testdata/get-servers.sh (default: those below)
#
# 1. The servers are fetched into .servers, unless they are there.
# 2. Each is driven through every write command it knows, with transactions, scripts, rewrites, rewrites that fail and
#    restarts, once for each shape a log can have.
# 3. rdbkit cuts, drops and repairs; each result is given to a server, which has to hold, key by key, what an oracle
#    that knows nothing of rdbkit says, and has to keep what is written to it after that.
# 4. `rdbkit digest` says of logs, whole, cut and torn, what DEBUG DIGEST says of a server that has loaded them, or that
#    replay is needed; without the commands it names there has to be a digest.
# 5. Logs are damaged; `rdbkit check` has to say what a server does that is started on them.
# 6. What servers themselves do wrong with damaged logs is shown, and that they do not with rdbkit's results.
# 7. rdbkit is killed while it works on a big log.
#
# The last line is "N passed, N failed". Exit code: 0 nothing failed, 1 something did, or could not be had at all.
# All that was made is in target/live-aof; what failed is kept in target/live-aof/failed until the next run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

SERVERS="redis-6.0-bullseye redis-7.0-bookworm redis-8.0-sid valkey-9-sid"
seed=$(date +%s) checks=24 kills=16 more=()
while getopts s:n:k:j:p:a:h option; do
  case $option in
  s) seed=$OPTARG ;;
  n) checks=$OPTARG ;;
  k) kills=$OPTARG ;;
  j) more+=(--processes "$OPTARG") ;;
  p) more+=(--parts "$OPTARG") ;;
  a) more+=(--again "$OPTARG") ;;
  *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- $SERVERS
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$PWD/$target ;; esac
give_up() { echo "live-aof: $*" >&2; echo "0 passed, 1 failed"; exit 1; }

echo "== seed $seed (again: ./live-aof.sh -s $seed -n $checks -k $kills $*)"
testdata/get-servers.sh .servers "$@" || give_up "a server cannot be had"
# a debug build would spend the time the servers need
cargo build --quiet --release -p rdbkit || give_up "rdbkit does not build"
exec python3 testdata/live_aof.py --rdbkit "$target/release/rdbkit" --out "$target/live-aof" --only "$(IFS=,; echo "$*")" \
  --seed "$seed" --checks "$checks" --kills "$kills" ${more[@]+"${more[@]}"}
