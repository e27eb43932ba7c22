#!/bin/bash
# piuparts.sh DIRECTORY: installs the packages of DIRECTORY in an empty Debian 12, removes them, installs them again, purges them, and
# fails if anything is left or anything else has changed: each module alone, and all packages together. Needs root and a Debian mirror.
set -euo pipefail

SCRIPTS=$(cd "$(dirname "$(readlink -f "$0")")/../../scripts" && pwd)
for part in common packages; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
# shellcheck source-path=SCRIPTDIR source=empty_debian.sh
source "${0%/*}/empty_debian.sh"

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
install_missing "${PACKAGE_PACKAGES[@]}"
empty=$(empty_debian)  # piuparts brings it up to date each time
try libnss-sqlmap
try libpam-sqlmap
try libnss-sqlmap libpam-sqlmap libsqlmap-direct sqlmapd
