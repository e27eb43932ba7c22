#!/bin/bash
# units.sh SQLMAPD: systemd finds nothing to say about our units, and little that the service may do.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../../conf/systemd"

units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
cp sqlmapd.socket "$units"
sed "s|/usr/sbin/sqlmapd|$1|" sqlmapd.service >"$units/sqlmapd.service"

remarks=$(systemd-analyze verify --man=no "$units/sqlmapd.service" "$units/sqlmapd.socket" 2>&1) || true
if [[ -n $remarks ]]; then
    printf '%s\n' "$remarks" >&2
    exit 1
fi
systemd-analyze security --offline=true --threshold=30 --no-pager "$units/sqlmapd.service"
