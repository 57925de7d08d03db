#!/bin/sh
# install.sh - builds rdbkit and installs it with man pages and completions.
#
#   usage: packaging/install.sh [PREFIX]
#
# PREFIX is /usr/local by default. DESTDIR, if set, is put before it, for those who make packages. The program is for this
# machine and its C library. With TARGET, the name of a Rust target, it is for that: with x86_64-unknown-linux-musl it
# needs no library and runs on any Linux of the architecture. rustup fetches what the target takes.
set -eu
cd "$(dirname "$0")/.."

prefix=${1:-/usr/local}
root=${DESTDIR:-}$prefix
built=${CARGO_TARGET_DIR:-target}
if [ -n "${TARGET:-}" ]; then
  ! command -v rustup >/dev/null || rustup --quiet target add "$TARGET"
  built=$built/$TARGET
fi

cargo build --release --locked --quiet ${TARGET:+--target "$TARGET"} -p rdbkit
built=$built/release

install -d "$root/bin" "$root/share/man/man1" "$root/share/doc/rdbkit" \
  "$root/share/bash-completion/completions" "$root/share/zsh/site-functions" "$root/share/fish/vendor_completions.d"
# The check tools are the same program under other names; as links they cost nothing.
install -m 755 "$built/rdbkit" "$root/bin/rdbkit"
"$built/rdbkit" man --out "$root/share/man/man1"
"$built/rdbkit" completions bash > "$root/share/bash-completion/completions/rdbkit"
"$built/rdbkit" completions zsh > "$root/share/zsh/site-functions/_rdbkit"
"$built/rdbkit" completions fish > "$root/share/fish/vendor_completions.d/rdbkit.fish"
install -m 644 README.md CHANGELOG.md "$root/share/doc/rdbkit"
for file in docs/* docs/*/*; do
  [ -d "$file" ] || install -D -m 644 "$file" "$root/share/doc/rdbkit/$file"
done
