#!/bin/sh
# Make .venv from the locked, hashed requirements. Debian ships python3 without venv: fetch it when we may.
set -eu
python=${1:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Tuntas needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1). Try: make PYTHON=python3.11" >&2
  exit 1
}
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  if ! "$python" -c 'import ensurepip' 2>/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq && apt-get install -y -qq python3-venv
  fi
  "$python" -m venv --clear .venv
fi
pip=".venv/bin/python -m pip --disable-pip-version-check --quiet"
echo "Installing the locked dependencies into .venv ..."
$pip install --require-hashes -r requirements/dev.txt
$pip install --no-deps --no-build-isolation -e ./simulator -e .
echo "Ready: .venv/bin/tuntas"
