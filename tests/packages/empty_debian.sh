# shellcheck shell=bash
# An empty Debian 12. Sourced after scripts/lib/common.sh, never run.

# empty_debian: prints the path of its archive, which is made once. systemd is in it, as on every host.
empty_debian() {
    local -r archive="$CACHE/bookworm.tar.gz"
    alone make_empty_debian "$archive" || return
    printf '%s\n' "$archive"
}

make_empty_debian() {
    [[ ! -e $1 ]] || return 0
    say "making an empty Debian 12"
    quietly mmdebstrap --variant=minbase --include=systemd bookworm "$1.partial.tar.gz" && mv "$1.partial.tar.gz" "$1"
}
