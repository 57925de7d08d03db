#!/bin/bash
# test-deb.sh - installs the package on this machine, uses it, and removes it.
#
#   usage: packaging/test-deb.sh PACKAGE
#
# Needs root and a Debian machine that has no rdbkit installed. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=${1:?usage: test-deb.sh PACKAGE}
passed=0 failed=0
expect() { # what, then a command
  local what=$1
  shift
  if "$@" >/tmp/test-deb.out 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $what" >&2
    sed 's/^/  /' /tmp/test-deb.out >&2
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
# Microseconds of the fastest of twenty starts: what the machine does meanwhile is not ours.
start_up() {
  local best=1000000 begin took
  for _ in $(seq 20); do
    begin=${EPOCHREALTIME/./}
    rdbkit --version >/dev/null
    took=$((${EPOCHREALTIME/./} - begin))
    [ "$took" -ge "$best" ] || best=$took
  done
  echo "$best"
}

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
expect "the program is static" says "statically linked" sh -c 'ldd /usr/bin/rdbkit 2>&1 | sed "s/not a dynamic executable/statically linked/"'
size=$(stat -c %s /usr/bin/rdbkit)
expect "less than 11 MiB" under "$size" $((11 << 20))
best=$(start_up)
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
rm -f "$torn" /tmp/test-deb.out
echo "size $size bytes, start-up $best µs"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
