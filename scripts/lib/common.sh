# shellcheck shell=bash
# What all scripts share: where the checkout is, how to speak, and how to keep others out. Sourced, never run.

# The checkout, and the caches that may be deleted at any time.
readonly CHECKOUT="${SCRIPTS%/scripts}"
readonly CACHE="$CHECKOUT/build/sandbox"

# The exit status of a script that could not get as far as its job; as env(1) and timeout(1) do it.
readonly STATUS_FAILED=125

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$@"
    exit "$STATUS_FAILED"
}

require_root() {
    ((EUID == 0)) || die "needs root: namespaces, mounts and packages. Try: sudo $0"
}

# quietly COMMAND...: shows what COMMAND printed only if it fails.
quietly() {
    local output status
    output=$("$@" 2>&1 </dev/null) && return
    status=$?
    printf '%s\n' "$output" >&2
    say "failed with status $status: $*"
    return "$status"
}

# alone COMMAND...: one at a time in this checkout, for what writes to build/.
alone() {
    local status
    mkdir -p "$CACHE"
    exec 9>"$CACHE/lock"
    flock 9
    "$@" 9>&- && status=0 || status=$?
    exec 9>&-
    return "$status"
}
