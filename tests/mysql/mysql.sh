#!/bin/bash
# mysql.sh SANDBOX_OPTION... -- COMMAND...: scripts/sandbox --unconfigured with a real MySQL in it, which no Debian 12 has. It comes from
# Debian's unstable distribution, into a root directory of its own, MYSQL_ROOT, which is made once; mysql_server.py starts it. Needs root and
# a Debian mirror. Whoever wants the newest one deletes build/sandbox/mysql.
set -euo pipefail

SCRIPTS=$(cd "$(dirname "$(readlink -f "$0")")/../../scripts" && pwd)
for part in common packages; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done

make_mysql() {
    [[ ! -e $MYSQL_ROOT ]] || return 0
    say "fetching MySQL from Debian's unstable distribution"
    rm -rf "$MYSQL_ROOT.partial"
    # The mirror may be a copy of some past day.
    quietly mmdebstrap --variant=minbase --include=mysql-server-core,mysql-client-core --aptopt='Acquire::Check-Valid-Until "false"' \
        sid "$MYSQL_ROOT.partial" && mv "$MYSQL_ROOT.partial" "$MYSQL_ROOT"
}

export MYSQL_ROOT="$CACHE/mysql"
require_root
install_missing mmdebstrap
alone make_mysql
exec "$SCRIPTS/sandbox" --unconfigured "$@"
