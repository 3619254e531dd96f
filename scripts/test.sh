#!/bin/sh
# Everything that must hold before a change lands: style, types, import rules, then all tests.
set -eu
sh scripts/lint.sh
CHROMIUM_PATH=$(sh scripts/chromium.sh)
export CHROMIUM_PATH
# Each worker begins with half of the tests; who is done first takes over half of what the other has left.
exec .venv/bin/pytest -q -n 2 --dist worksteal "$@"
