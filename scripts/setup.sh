#!/bin/sh
# Make .venv from the locked, hashed requirements; anew where a part of it was deleted. Quick when all is there.
# Debian ships python3 without venv: fetch it when we may.
set -eu
python=${1:-python3}
pip=".venv/bin/python -m pip --disable-pip-version-check"

current() { [ -e .venv/ready ] && [ -z "$(find requirements/dev.txt pyproject.toml simulator/pyproject.toml -newer .venv/ready)" ]; }
whole() { [ -x .venv/bin/python ] && .venv/bin/python scripts/whole.py; }
make_empty() {
  if ! "$python" -c 'import ensurepip' 2>/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq && apt-get install -y -qq python3-venv
  fi
  "$python" -m venv --clear .venv
}
install() {
  echo "Installing the locked dependencies into .venv; the first time it takes some minutes and 500 MB."
  $pip install --progress-bar off --require-hashes -r requirements/dev.txt &&
    $pip install --quiet --no-deps --no-build-isolation -e ./simulator -e .
}

if current && whole; then
  exit 0
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Tuntas needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1). Try: make PYTHON=python3.11" >&2
  exit 1
}
rm -f .venv/ready
if ! $pip --version >/dev/null 2>&1; then
  make_empty
  install
elif ! install || ! whole; then
  echo "Part of .venv is gone: making it anew."
  make_empty
  install
fi
touch .venv/ready
echo "Ready: .venv/bin/tuntas"
