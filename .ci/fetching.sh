# What checks need that fetch their tools themselves: to be sourced, by bash, in the folder of the project.
# shellcheck shell=bash

# Where cargo builds, and a folder in it for the tools of the check that asks.
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$PWD/$target ;; esac
check=$(basename "$0")
tools=$target/$check
mkdir -p "$tools"

# A tool that cannot be had is a failure, never a check less.
give_up() { echo "$check: $*" >&2; echo "0 passed, 1 failed"; exit 1; }
# three tries: CMD...
tried() { "$@" || { sleep 5; "$@"; } || { sleep 20; "$@"; }; }
# python_with MODULE PACKAGE: $tools/venv/bin/python has the module, of this package of PyPI
python_with() {
  "$tools/venv/bin/python" -c "import $1" 2>/dev/null ||
    { python3 -m venv "$tools/venv" &&
      tried "$tools/venv/bin/pip" --quiet --disable-pip-version-check install "$2"; } ||
    give_up "${2%%=*} cannot be had"
}
