#!/bin/bash
# get-servers.sh - make the Redis and Valkey servers that Debian ships, of several suites, runnable
# side by side on one Debian machine (amd64), without installing anything on it.
#
#   usage: get-servers.sh TARGET [NAME...]          e.g.  get-servers.sh .servers
#          get-servers.sh TARGET valkey-9-sid       only that one
#
# For each NAME below it makes TARGET/NAME/ with
#   run            exec the server       (run --port 7000 --bind 127.0.0.1 ...)
#   cli            exec redis-cli / valkey-cli
#   check-rdb      exec redis-check-rdb / valkey-check-rdb
#   check-aof      exec redis-check-aof / valkey-check-aof
#   benchmark      exec redis-benchmark / valkey-benchmark
#   redis-server, redis-cli, redis-check-rdb, redis-check-aof, redis-benchmark: links to the above
#   VERSION        Debian package version, sha256 of each .deb used, and what --version answered
#   root/          the unpacked .debs: the server, and the libc + libraries of its own suite
# Each program is started through its own suite's ld.so with --library-path, so the machine's
# libraries are neither used nor touched.
#
# Packages come from the mirrors the machine's own apt is set up with ($DEBIAN_MIRROR and
# $DEBIAN_SECURITY_MIRROR override them), fetched by apt itself with a private state folder, so they
# are verified against Debian's archive keys ($DEBIAN_KEYRING).
#
# Running it again is cheap: a NAME that already runs is left alone (FORCE=1 makes it anew). A download
# that fails is tried again, $TRIES times in all. If any server asked for cannot be had, the others are
# still made, the failure is named, and the exit code is 1. A wrong call or an unfit machine is 2.
#
# Needs: bash, apt, dpkg, awk, xargs, debian-archive-keyring. Root is not needed. About 10-20 MB of
# download per server, and about 50 MB per suite for apt's lists (TARGET/.apt, safe to delete).
set -euo pipefail
export LC_ALL=C

ARCH=amd64
TRIES=${TRIES:-4}
KEYRING=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# NAME               SUITE                flavour
LIST="
redis-6.0-bullseye   bullseye             redis
redis-7.0-bookworm   bookworm             redis
redis-8.0-trixie     trixie               redis
redis-8.0-sid        sid                  redis
valkey-8.0-bpo12     bookworm-backports   valkey
valkey-8.1-trixie    trixie               valkey
valkey-9-sid         sid                  valkey
"

say() { echo "get-servers: $*" >&2; }
die() { say "$*"; exit 1; }
unfit() { say "$*"; exit 2; }
names() { awk 'NF { print $1 }' <<<"$LIST"; }

usage() { # the head of this file, then the names
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
  echo "Names:"; names | sed 's/^/  /'
}

# ---- is this a machine it can work on, and was it called rightly

case "${1:-}" in "") usage >&2; exit 2 ;; -h|--help) usage; exit 0 ;; esac
for tool in apt-get dpkg dpkg-deb awk xargs; do
  command -v "$tool" >/dev/null 2>&1 ||
    unfit "no $tool here: this script needs a Debian machine (it unpacks Debian packages with Debian's own tools)"
done
[ "$(dpkg --print-architecture)" = "$ARCH" ] ||
  unfit "this machine is $(dpkg --print-architecture): only Debian $ARCH is catered for"
if ! grep -qxE 'ID="?debian"?' /etc/os-release 2>/dev/null && [ -z "${DEBIAN_MIRROR:-}" ]; then
  unfit "this is not Debian, so its apt does not know a Debian mirror: set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR"
fi
[ -r "$KEYRING" ] || unfit "no Debian keyring at $KEYRING: apt-get install debian-archive-keyring, or set DEBIAN_KEYRING"

# apt tells its repositories whatever the format they are configured in
uris() { apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | sort -u; }
MIRROR=${DEBIAN_MIRROR:-$(uris | grep -m1 -E '/debian/?$' || true)}
SECURITY=${DEBIAN_SECURITY_MIRROR:-$(uris | grep -m1 -E '/debian-security/?$' || true)}
[ -n "$MIRROR" ] || unfit "apt knows no repository ending in /debian: set DEBIAN_MIRROR"
[ -n "$SECURITY" ] || unfit "apt knows no repository ending in /debian-security: set DEBIAN_SECURITY_MIRROR"

mkdir -p "$1" || unfit "cannot make $1"
TARGET=$(cd "$1" && pwd); shift
for name in "$@"; do
  names | grep -qxF -e "$name" || unfit "no such server: $name (there are: $(names | xargs))"
done
STATE=$TARGET/.apt
TMP=$TARGET/.tmp.$$
mkdir -p "$STATE" "$TMP"
trap 'rm -rf "$TMP"' EXIT

# ---- apt

retry() { # log command...: until it succeeds, with growing pauses; the log of the last try is shown
  local log=$1 n=1; shift
  until "$@" >"$log" 2>&1; do
    if [ "$n" -ge "$TRIES" ]; then tail -20 "$log" >&2; return 1; fi
    say "try $n of $TRIES failed, again in $((n * 5)) s: $(grep -m1 '^E: ' "$log" || tail -1 "$log")"
    sleep $((n * 5))
    n=$((n + 1))
  done
}

# One private apt per suite: own sources, lists, cache, and an empty dpkg status.
apt_conf() { # suite -> prints path of an apt.conf
  local suite=$1 d=$STATE/$1 c by="[arch=$ARCH signed-by=$KEYRING]"
  c=$d/apt.conf
  mkdir -p "$d/lists/partial" "$d/cache/archives/partial" "$d/etc/preferences.d" "$d/etc/sources.list.d"
  : >"$d/status"
  {
    case $suite in
    *-backports)
      echo "deb $by $MIRROR ${suite%-backports} main"
      echo "deb $by $MIRROR $suite main" ;;
    sid)
      echo "deb $by $MIRROR $suite main" ;;
    *)
      echo "deb $by $MIRROR $suite main"
      echo "deb $by $SECURITY $suite-security main" ;;
    esac
  } >"$d/sources.list"
  cat >"$c" <<CONF
APT::Architecture "$ARCH";
APT::Architectures { "$ARCH"; };
Dir::Etc::sourcelist "$d/sources.list";
Dir::Etc::sourceparts "$d/etc/sources.list.d";
Dir::Etc::preferences "$d/etc/preferences";
Dir::Etc::preferencesparts "$d/etc/preferences.d";
Dir::State "$d";
Dir::State::lists "$d/lists";
Dir::State::status "$d/status";
Dir::Cache "$d/cache";
Dir::Cache::archives "$d/cache/archives";
APT::Sandbox::User "";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Check-Valid-Until "false";
CONF
  echo "$c"
}

update_suite() { # suite; not again within a day, unless FORCE
  local suite=$1 c
  c=$(apt_conf "$suite")
  if [ -z "${FORCE:-}" ] && [ -n "$(find "$STATE/$suite/stamp" -mmin -1440 2>/dev/null)" ]; then return 0; fi
  say "apt-get update for $suite"
  retry "$TMP/update.log" env APT_CONFIG="$c" apt-get -q update || die "apt-get update failed for $suite"
  touch "$STATE/$suite/stamp"
}

# ---- one server

# What a wrapper holds: it finds its own folder, so TARGET/NAME may be moved. The program keeps its own
# name as argv[0] (redis-check-rdb is redis-server under another name); the kernel calls it ld-*.so.
wrapper() { # file, path of ld.so below root/, path of the program below root/
  cat >"$1" <<'WRAP'
#!/bin/bash
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
r=$here/root
WRAP
  cat >>"$1" <<WRAP
exec "\$r$2" --library-path "\$r/usr/lib/x86_64-linux-gnu" "\$r$3" "\$@"
WRAP
  chmod 755 "$1"
}

fetch() { # name suite flavour: leaves the wanted packages in $TMP/debs, their list in $TMP/want
  local name=$1 suite=$2 flavour=$3 c target=()
  update_suite "$suite"
  c=$(apt_conf "$suite")
  case $suite in *-backports) target=(-t "$suite") ;; esac
  # apt resolves the closure against an empty status; only the programs and the libraries are fetched
  APT_CONFIG=$c apt-get -qq -s "${target[@]}" install "$flavour-server" "$flavour-tools" >"$TMP/sim" 2>"$TMP/sim.err" ||
    { cat "$TMP/sim.err" >&2; die "$name: apt cannot resolve $flavour-server in $suite"; }
  awk '$1 == "Inst" { v = $3; sub(/^\(/, "", v); print $2 "=" v }' "$TMP/sim" |
    grep -E "^(lib[a-z0-9.+-]*|zlib1g|lua-[a-z0-9-]*|$flavour-(server|tools))=" |
    grep -vE '^lib(pam|perl|audit|cap-ng|debconf|text-|db5|semanage|sepol|adduser|apt|acl|attr)' >"$TMP/want" || true
  [ -s "$TMP/want" ] || die "$name: nothing to fetch"
  rm -rf "$TMP/debs"; mkdir -p "$TMP/debs"
  say "$name: fetching $(wc -l <"$TMP/want") packages of $suite"
  (cd "$TMP/debs" && retry "$TMP/dl.log" env APT_CONFIG="$c" xargs -r -a "$TMP/want" apt-get -q download) ||
    die "$name: download failed"
}

unpack() { # the packages of $TMP/debs into $TMP/root
  local p
  rm -rf "$TMP/root"
  # in a merged-/usr root, lib -> usr/lib; made first so that old and new packages unpack alike
  mkdir -p "$TMP/root/usr/lib" "$TMP/root/usr/lib64" "$TMP/root/usr/bin" "$TMP/root/usr/sbin"
  for p in lib lib64 bin sbin; do ln -s "usr/$p" "$TMP/root/$p"; done
  for p in "$TMP"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$p" | tar -x -C "$TMP/root" --keep-directory-symlink --no-same-owner \
      --exclude='./usr/share/*' --exclude='./etc/*' --exclude='./var/*'
  done
}

find_ldso() { # prints the path of ld.so below $TMP/root
  local p
  for p in /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 /usr/lib/x86_64-linux-gnu/ld-2.31.so /usr/lib64/ld-linux-x86-64.so.2; do
    if [ -f "$TMP/root$p" ]; then echo "$p"; return 0; fi
  done
  return 1
}

try_tools() { # folder name: does each program start at all
  local d=$1 name=$2 tool
  for tool in run cli; do
    "$d/$tool" --version >"$TMP/ver.$tool" 2>&1 || { cat "$TMP/ver.$tool" >&2; die "$name: $tool does not run"; }
  done
  # these have no --version (redis-benchmark 6.0 has not): a usage line is what a wrongly linked one would not say
  for tool in check-rdb check-aof benchmark; do
    if [ "$tool" = benchmark ]; then "$d/$tool" --help; else "$d/$tool"; fi >"$TMP/ver.$tool" 2>&1 || true
    grep -qi 'usage' "$TMP/ver.$tool" || { cat "$TMP/ver.$tool" >&2; die "$name: $tool does not run"; }
  done
}

make_one() { # name suite flavour
  local name=$1 suite=$2 flavour=$3 d=$TARGET/$1 ldso tool out
  if [ -z "${FORCE:-}" ] && [ -x "$d/run" ] && [ -s "$d/VERSION" ] && "$d/run" --version >/dev/null 2>&1; then
    say "$name: already there: $("$d/run" --version)"
    return 0
  fi
  fetch "$name" "$suite" "$flavour"
  unpack
  ldso=$(find_ldso) || die "$name: no ld.so among the packages"
  rm -rf "$d.new"; mkdir -p "$d.new"
  mv "$TMP/root" "$d.new/root"
  for tool in server cli check-rdb check-aof benchmark; do
    [ -e "$d.new/root/usr/bin/$flavour-$tool" ] || die "$name: no $flavour-$tool in the packages"
    out=$tool; [ "$tool" = server ] && out=run
    wrapper "$d.new/$out" "$ldso" "/usr/bin/$flavour-$tool"
    ln -sf "$out" "$d.new/redis-$tool"
  done
  try_tools "$d.new" "$name"
  {
    echo "name: $name"
    echo "suite: $suite"
    echo "package: $(grep "^$flavour-server=" "$TMP/want")"
    echo "answers: $(cat "$TMP/ver.run")"
    echo "made: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    (cd "$TMP/debs" && sha256sum ./*.deb | sed 's/^/deb: /')
  } >"$d.new/VERSION"
  rm -rf "$d.old"; if [ -e "$d" ]; then mv "$d" "$d.old"; fi
  mv "$d.new" "$d"; rm -rf "$d.old"
  say "$name: $("$d/run" --version)"
}

failed=""
while read -r name suite flavour; do
  [ -n "$name" ] || continue
  if [ $# -gt 0 ]; then case " $* " in *" $name "*) ;; *) continue ;; esac; fi
  set +e # not "make_one || ...", under which bash would ignore its failing commands
  (set -e; make_one "$name" "$suite" "$flavour") </dev/null
  one=$?
  set -e
  [ $one -eq 0 ] || failed="$failed $name"
done <<<"$LIST"
[ -z "$failed" ] || die "FAILED, not made:$failed"
