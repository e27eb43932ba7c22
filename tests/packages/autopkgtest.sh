#!/bin/bash
# autopkgtest.sh DIRECTORY: the tests that the packages bring along (packaging/debian/tests), on a host where DIRECTORY's packages are
# installed; in the sandbox, which has what they depend on.
set -euo pipefail
rm -f /usr/sbin/policy-rc.d
cd "$1"
mapfile -t packages < <(find "$PWD" -name '*.deb' ! -name '*-dbgsym_*' | sort)
exec autopkgtest --no-built-binaries "${packages[@]}" "$PWD"/*.dsc -- null
