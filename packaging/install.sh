#!/bin/sh
# install.sh - builds rdbkit as static programs and installs them with man pages and completions.
#
#   usage: packaging/install.sh [PREFIX]
#
# PREFIX is /usr/local by default. DESTDIR, if set, is put before it, for those who make packages. TARGET names the Rust
# target; by default the machine's own with its C library linked in, so that the programs run on any Linux of the
# architecture. With TARGET=x86_64-unknown-linux-musl (which `rustup target add` has to have installed) it is musl's.
set -eu
cd "$(dirname "$0")/.."

prefix=${1:-/usr/local}
root=${DESTDIR:-}$prefix
target=${TARGET:-$(rustc -vV | sed -n 's/^host: //p')}

# A target that is named keeps build scripts and macros apart, which cannot be static.
RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --quiet --target "$target" -p rdbkit
built=${CARGO_TARGET_DIR:-target}/$target/release

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
