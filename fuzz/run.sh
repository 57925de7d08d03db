#!/bin/sh
# Fuzzes: run.sh SECONDS [TARGET...]
#
# Installs cargo-fuzz if it is missing, fills the corpus from testdata/ and
# from corpus-min/, and runs each target for SECONDS. Prints one line for each
# target; exits 1 if there was a finding, which is in fuzz/artifacts/TARGET/.
set -eu
cd "$(dirname "$0")"

seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
limit=-max_total_time=$seconds
[ "$seconds" != 0 ] || limit=-runs=0
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' Cargo.toml)

command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
cargo run --quiet --example seed
cargo fuzz build --sanitizer none

logs=target/logs
mkdir -p "$logs"
failed=0
for target; do
    # A new target has nothing to keep yet.
    mkdir -p "corpus/$target" "corpus-min/$target" "artifacts/$target"
    log=$logs/$target.log
    verdict=ok
    cargo fuzz run --sanitizer none "$target" "corpus/$target" "corpus-min/$target" -- \
        "$limit" -timeout=10 -rss_limit_mb=1024 -max_len=32768 \
        -print_final_stats=1 -verbosity=1 >"$log" 2>&1 || verdict=FAILED
    execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
    cov=$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    corpus=$(sed -n 's|^#.* corp: \([0-9]*\)/.*|\1|p' "$log" | tail -1)
    printf '%-14s %-6s execs %-9s coverage %-6s corpus %s\n' \
        "$target" "$verdict" "${execs:-?}" "${cov:-?}" "${corpus:-?}"
    if [ "$verdict" = FAILED ]; then
        failed=1
        { grep -E -A 2 'panicked|ERROR:|Test unit written' "$log" || tail -20 "$log"; } | cut -c 1-400
    fi
done
exit $failed
