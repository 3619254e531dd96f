#!/bin/sh
# Everything that must hold before a change lands: style, types, import rules, then all tests.
set -eu
sh scripts/lint.sh
TUNTAS_CHROMIUM=$(sh scripts/chromium.sh)
export TUNTAS_CHROMIUM
exec .venv/bin/pytest -q -n 2 --dist loadfile "$@"
