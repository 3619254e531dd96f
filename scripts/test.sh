#!/bin/sh
# Everything that must hold before a change lands: style, types, import rules, then all tests.
set -eu
sh scripts/lint.sh
CHROMIUM_PATH=$(sh scripts/chromium.sh)
export CHROMIUM_PATH
# Files in their own order: by the number of their tests the longest few would come last, and alone.
exec .venv/bin/pytest -q -n 2 --dist loadfile --no-loadscope-reorder "$@"
