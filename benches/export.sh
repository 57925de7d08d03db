#!/usr/bin/env bash
# See benches/README.md.
exec python3 "$(dirname "$0")/export.py" "$@"
