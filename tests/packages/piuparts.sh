#!/bin/bash
# piuparts.sh DIRECTORY: installs the packages of DIRECTORY in an empty Debian 12, removes them, installs them again, purges them, and
# fails if anything is left or anything else has changed: each module alone, and all packages together. Needs root and a Debian mirror.
set -euo pipefail

SCRIPTS=$(cd "$(dirname "$(readlink -f "$0")")/../../scripts" && pwd)
for part in common packages; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done

# Made once; piuparts brings it up to date each time. systemd is in it, since it leaves files of its own behind.
make_empty_debian() {
    [[ ! -e $1 ]] || return 0
    quietly mmdebstrap --variant=minbase --include=systemd bookworm "$1.partial.tar.gz" && mv "$1.partial.tar.gz" "$1"
}

# try NAME...
try() {
    local name
    local -a files=()
    for name; do
        files+=("$name"_*.deb)
    done
    say "$*"
    quietly piuparts --log-level=error --basetgz "$empty" --distribution bookworm --no-upgrade-test --install-remove-install "${files[@]}"
}

cd "$1"
install_missing piuparts mmdebstrap
empty="$CACHE/bookworm.tar.gz"
alone make_empty_debian "$empty"
try libnss-sqlmap
try libpam-sqlmap
try libnss-sqlmap libpam-sqlmap libsqlmap-direct sqlmapd
