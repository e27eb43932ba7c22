# shellcheck shell=bash
# From this system into a box. Sourced, never run.

# run_box host|own: runs box.sh on the host's network or on its own, with the caller's `box` and `box_*` variables, and
# returns its status. Nothing outlives this shell: if it is killed, however, the kernel kills unshare, and with it the box.
run_box() {
    local -r network=$1
    local -a namespaces=(--mount --pid --fork --kill-child --ipc --uts --propagation private)
    [[ $network == host ]] || namespaces+=(--net)
    local child status
    # A shell's background job is deaf to ^C and reads /dev/null: undo both.
    env --default-signal=INT,QUIT setpriv --pdeathsig KILL unshare "${namespaces[@]}" \
        "$BASH" "$SCRIPTS/lib/box.sh" 3< <(box_settings) <&0 &
    child=$!
    # shellcheck disable=SC2064
    trap "kill -KILL $child 2>/dev/null; exit 143" TERM HUP
    trap ':' INT QUIT
    while true; do
        wait "$child" && status=0 || status=$?
        kill -0 "$child" 2>/dev/null || break
    done
    trap - TERM HUP INT QUIT
    return "$status"
}

# The variables that box.sh may read.
box_settings() {
    local name
    for name in SCRIPTS box "${!box_@}"; do
        declare -p "$name"
    done
}
