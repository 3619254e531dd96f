#!/bin/sh
# Lock every dependency with hashes and without index addresses. `make lock` upgrades; setup only installs.
set -eu
tools=.venv/lock-tools
[ -x "$tools/bin/uv" ] || { python3 -m venv "$tools" && "$tools/bin/pip" --quiet install uv; }
compile="$tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url
  --no-annotate --no-header --no-emit-package midtrans-simulator --upgrade"
$compile pyproject.toml -o requirements/runtime.txt
$compile pyproject.toml simulator/pyproject.toml --extra simulator --group dev -o requirements/dev.txt
