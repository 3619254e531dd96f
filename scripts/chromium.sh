#!/bin/sh
# Print the path of a Chromium for the browser tests, installing one where there is none.
set -eu
find_chromium() {
  for name in chromium chromium-browser google-chrome; do
    if command -v "$name"; then return 0; fi
  done
  return 1
}
find_chromium && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium (apt-get) ..." >&2
  apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >&2
  find_chromium && exit 0
fi
echo "Installing Chromium (playwright) ..." >&2
.venv/bin/playwright install chromium >&2
.venv/bin/python -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as p: print(p.chromium.executable_path)'
