#!/bin/sh
# Makes the virtual environment of the checkout in ./.venv, or keeps the one that is there and works.
set -eu

if .venv/bin/python -m pip --version >/dev/null 2>&1; then
    exit 0
fi

python=""
for candidate in python3.11 python3; do
    if command -v "$candidate" >/dev/null &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "setup: no Python 3.11 or newer found (looked for python3.11 and python3); install it and try again" >&2
    exit 1
fi

# Debian ships Python without ensurepip, and `python -m venv` then leaves half an environment behind: ask first.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    sh deploy/setup/debian.sh "python$version-venv"
fi

echo "setup: making .venv with $("$python" --version)" >&2
"$python" -m venv --clear .venv
