#!/bin/bash
# test-static.sh - runs a static program where there is nothing else: what the image for containers holds.
#
#   usage: packaging/test-static.sh PROGRAM [MIB]
#
# It has to be smaller than so many MiB, 8 by default.
# Needs root, for a root folder that has the program and one file, which it may not write to. The last line is "N passed,
# N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=${1:?usage: test-static.sh PROGRAM}
limit=${2:-8}
. packaging/expect.sh

alone=$(mktemp -d)
trap 'rm -rf "$alone"' EXIT
chmod 755 "$alone"
install -D -m 755 "$program" "$alone/usr/bin/rdbkit"
ln -s rdbkit "$alone/usr/bin/redis-check-rdb"
install -D -m 644 testdata/rdb/redis-8.0-sid/dense.rdb "$alone/backups/dump.rdb"
inside() { chroot --userspec=65532:65532 "$alone" "$@"; }

expect "needs no library" says "statically linked" sh -c 'ldd "$1" 2>&1 | sed "s/not a dynamic executable/statically linked/"' - "$program"
size=$(stat -c %s "$program")
expect "less than $limit MiB" under "$size" $((limit << 20))
expect "a good file" says "loads (judged for redis:8.0)" inside /usr/bin/rdbkit check /backups/dump.rdb
expect "its exit code" inside /usr/bin/rdbkit check /backups/dump.rdb
expect "an old one" says "violated   max-age" inside /usr/bin/rdbkit check --max-age 1h /backups/dump.rdb
expect "the name of the check tool" says "RDB looks OK!" inside /usr/bin/redis-check-rdb /backups/dump.rdb
expect "nothing can be written" says "Permission denied" inside /usr/bin/rdbkit salvage /backups/dump.rdb -o /backups/new.rdb
expect "a page of the manual" says ".TH rdbkit" inside /usr/bin/rdbkit man
best=$(start_up "$program")
echo "size $size bytes, start-up $best µs"
tell
