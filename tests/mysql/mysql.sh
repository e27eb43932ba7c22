#!/bin/bash
# mysql.sh RELEASE SANDBOX_OPTION... -- COMMAND...: scripts/sandbox --unconfigured with a real MySQL in it, which no Debian 12 has: `newest`, of
# Debian's unstable distribution, or `8.0`, of Ubuntu 24.04. It has a root directory of its own, MYSQL_ROOT, which is made once;
# mysql_server.py starts it. Needs root and a mirror. Whoever wants the newest one anew deletes build/sandbox/mysql-newest.
set -euo pipefail

SCRIPTS=$(cd "$(dirname "$(readlink -f "$0")")/../../scripts" && pwd)
for part in common packages ubuntu; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done

make_mysql() {
    [[ ! -e $MYSQL_ROOT ]] || return 0
    local -a from
    case $1 in
    # The mirror may be a copy of some past day.
    newest) from=("--include=mysql-server-core,mysql-client-core" --aptopt='Acquire::Check-Valid-Until "false"' sid "$MYSQL_ROOT.partial") ;;
    8.0)
        make_ubuntu_keyring || return
        from=("--include=mysql-server-core-8.0,mysql-client-core-8.0" "${UBUNTU_OPTIONS[@]}" noble "$MYSQL_ROOT.partial" "$UBUNTU_MIRROR")
        ;;
    *) die "unknown release $1" ;;
    esac
    say "fetching MySQL: $1"
    rm -rf "$MYSQL_ROOT.partial"
    quietly mmdebstrap --variant=minbase "${from[@]}" && mv "$MYSQL_ROOT.partial" "$MYSQL_ROOT"
}

export MYSQL_ROOT="$CACHE/mysql-$1"
require_root
install_missing mmdebstrap
alone make_mysql "$1"
shift
exec "$SCRIPTS/sandbox" --unconfigured "$@"
