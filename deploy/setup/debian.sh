#!/bin/sh
# Installs those of the named Debian packages that are missing.
# Where that is impossible it fails with one line that says what to type.
set -eu

missing=""
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

fail() {
    echo "setup: $1; install these and run the command again:$missing" >&2
    exit 1
}

command -v apt-get >/dev/null || fail "this is no Debian system (no apt-get)"
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root="sudo"
else
    fail "Debian packages are missing and there is neither root nor sudo to install them"
fi

apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@"
}

echo "setup: installing Debian packages:$missing" >&2
# One unreachable third-party source must not stop us while Debian's own lists are at hand.
apt update || echo "setup: apt-get update failed, going on with the lists at hand" >&2
# shellcheck disable=SC2086  # one word a package
apt install -y --no-install-recommends $missing >/dev/null </dev/null || fail "apt-get install failed"
