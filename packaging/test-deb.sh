#!/bin/bash
# test-deb.sh - installs the package on this machine, uses it, and removes it.
#
#   usage: packaging/test-deb.sh PACKAGE
#
# Needs root and a Debian machine that has no rdbkit installed. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=${1:?usage: test-deb.sh PACKAGE}
. packaging/expect.sh

if dpkg -s rdbkit >/dev/null 2>&1; then
  echo "test-deb: rdbkit is installed here already" >&2
  exit 2
fi
trap 'dpkg --purge rdbkit >/dev/null 2>&1 || true' EXIT
file=testdata/rdb/redis-8.0-sid/dense.rdb
torn=$(mktemp)
head -c 500 "$file" > "$torn"

expect "installs" dpkg -i "$package"
expect "a good file" says "loads (judged for redis:8.0)" /usr/bin/rdbkit check "$file"
expect "a torn file is refused" says "refused" /usr/bin/rdbkit check "$torn"
size=$(stat -c %s /usr/bin/rdbkit)
expect "less than 8 MiB" under "$size" $((8 << 20))
best=$(start_up rdbkit)
expect "a manual page for each command" test "$(find /usr/share/man/man1 -name 'rdbkit*.1.gz' | wc -l)" -ge 20
expect "the runbook is in it" says docs/runbook/corrupt-rdb.md dpkg-deb --contents "$package"
expect "completions of bash" bash -c '. /usr/share/bash-completion/completions/rdbkit && complete -p rdbkit'
for name in redis-check-rdb valkey-check-rdb; do
  # One that both products read.
  expect "$name of a good file" says "RDB looks OK!" "$name" testdata/rdb/redis-7.2/dense.rdb
  expect "$name of a torn file" says "RDB ERROR DETECTED" "$name" "$torn"
done
for name in redis-check-aof valkey-check-aof; do
  expect "$name of a good log" says "appendonly.aof is valid" "$name" testdata/aof/redis-3.2/plain/appendonly.aof
done
expect "is removed" dpkg --purge rdbkit
for name in rdbkit redis-check-rdb redis-check-aof valkey-check-rdb valkey-check-aof; do
  expect "$name is gone" test ! -e "/usr/bin/$name"
done
rm -f "$torn"
echo "size $size bytes, start-up $best µs"
tell
