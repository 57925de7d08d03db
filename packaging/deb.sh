#!/bin/sh
# deb.sh - makes a Debian package of what packaging/install.sh installs; prints its path.
#
#   usage: packaging/deb.sh [DIR]
#
# DIR, target/debian by default, is where the package goes. Needs dpkg-deb and objdump. The program is linked with the C
# library of this machine: the package depends on one that has as much. The names redis-check-rdb and redis-check-aof (and valkey-) are alternatives, see packaging/debian/postinst.
set -eu
cd "$(dirname "$0")/.."

out=${1:-target/debian}
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
architecture=$(dpkg --print-architecture)
mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"

DESTDIR=$stage packaging/install.sh /usr >&2
libc=$(objdump -T "$stage/usr/bin/rdbkit" | sed -n 's/.*(\{0,1\}GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1)
[ -n "$libc" ] || { echo "deb.sh: the program names no version of the C library" >&2; exit 1; }
gzip -9n "$stage"/usr/share/man/man1/*.1 "$stage/usr/share/doc/rdbkit/CHANGELOG.md"
mv "$stage/usr/share/doc/rdbkit/CHANGELOG.md.gz" "$stage/usr/share/doc/rdbkit/changelog.gz"
cp packaging/debian/copyright "$stage/usr/share/doc/rdbkit/copyright"
# Debian has site functions of zsh elsewhere.
mkdir -p "$stage/usr/share/zsh/vendor-completions"
mv "$stage/usr/share/zsh/site-functions/_rdbkit" "$stage/usr/share/zsh/vendor-completions/"
rmdir "$stage/usr/share/zsh/site-functions"

mkdir "$stage/DEBIAN"
install -m 755 packaging/debian/postinst packaging/debian/prerm "$stage/DEBIAN"
size=$(du -sk "$stage/usr" | cut -f 1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" -e "s/@LIBC@/$libc/" \
  packaging/debian/control > "$stage/DEBIAN/control"
package=$out/rdbkit_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$stage" "$package" >&2
echo "$package"
