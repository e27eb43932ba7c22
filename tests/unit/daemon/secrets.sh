#!/bin/bash
# secrets.sh SQLMAPD: nobody can trace or dump sqlmapd any more when it opens its configuration, which has the secrets.
set -euo pipefail

trace=$(mktemp)
trap 'rm -f "$trace"' EXIT
# Whether this host has such files is no matter.
strace -o "$trace" -e trace=prctl,openat "$1" --check-config >/dev/null 2>&1 || true
protected=$(grep -n 'PR_SET_DUMPABLE, SUID_DUMP_DISABLE' "$trace" | head -n 1 | cut -d: -f1)
opened=$(grep -n '"/etc/sqlmapd' "$trace" | head -n 1 | cut -d: -f1)
[[ -n $opened ]] || opened=$(wc -l <"$trace")
if [[ -z $protected ]] || ((protected > opened)); then
    cat "$trace" >&2
    exit 1
fi
