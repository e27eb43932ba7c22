#!/bin/bash
# The first process of a sandbox: makes a copy-on-write view of the whole system and lives in it. It has its own mount, pid,
# ipc, uts and (for COMMAND) network namespace; when it ends, the kernel ends every process and every mount in there.
#
# Started by run_box (enter.sh), which hands over its settings as bash declarations on descriptor 3.
set -euo pipefail
umask 022
# shellcheck source=/dev/null
source /dev/fd/3
exec 3<&-
# shellcheck source=/dev/null
source "$SCRIPTS/lib/common.sh"
# shellcheck source=/dev/null
source "$SCRIPTS/lib/build.sh"

declare -r top="$CACHE/root"  # where the box's own tmpfs is mounted; nothing of it is seen outside
declare -r root="$top/root"

main() {
    mkdir -p "$top"
    mount -t tmpfs -o mode=755 sandbox "$top"
    mkdir "$top/upper" "$root"
    [[ -z ${box[layer_below]:-} ]] || tar -x -f "${box[layer_below]}" -C "$top" --xattrs --xattrs-include='trusted.*' --numeric-owner
    cover / upper
    cover_other_mounts
    share_directories
    mount_system_directories
    "${box[job]}"
}

# cover DIRECTORY UPPER: writes to DIRECTORY of the box go to the tmpfs.
# index, redirect_dir and metacopy are off so that an upper directory is complete in itself and can be kept as a layer.
cover() {
    local -r lower=$1 upper="$top/$2" work="$top/work-$2"
    mkdir -p "$upper" "$work"
    chown --reference="$lower" "$upper"
    chmod --reference="$lower" "$upper"
    mount -t overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work,index=off,redirect_dir=off,metacopy=off" sandbox "$root$lower"
}

# An overlay shows one file system. What is mounted below / (a separate /home, /var or /tmp, the checkout of a container) is
# covered mount by mount; what cannot be covered (single files, VFAT) is shown read-only.
cover_other_mounts() {
    local target type options number=0
    while read -r target type options; do
        target=$(printf '%b' "$target")
        case $target in
        / | /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/* | /var/run/* | "$top" | "$top"/*) continue ;;
        esac
        case $type in
        proc | sysfs | devtmpfs | devpts | cgroup | cgroup2 | mqueue | debugfs | tracefs | securityfs | pstore | bpf | autofs | \
            binfmt_misc | configfs | fusectl | hugetlbfs | efivarfs | nsfs | rpc_pipefs) continue ;;
        esac
        [[ -e $root$target ]] || continue
        if [[ ,$options, != *,ro,* && -d $target ]] && cover "$target" "upper-$((++number))" 2>/dev/null; then
            continue
        fi
        if mount --bind "$target" "$root$target" 2>/dev/null; then
            mount -o remount,bind,ro "$root$target"
        fi
    done < <(findmnt --raw --noheadings --output TARGET,FSTYPE,OPTIONS)
}

share_directories() {
    local directory
    # shellcheck disable=SC2154
    for directory in "${box_shares[@]}"; do
        mount --bind "$directory" "$root$directory"
    done
}

mount_system_directories() {
    mount -t proc proc "$root/proc"
    mount --bind /sys "$root/sys"
    mount -o remount,bind,ro "$root/sys"
    mount -t tmpfs -o mode=755 run "$root/run"
    mkdir -m 1777 "$root/run/lock"
    mkdir "$root/run/sshd" "$root/run/user"

    mount -t tmpfs -o mode=755 dev "$root/dev"
    local name minor
    while read -r name minor; do
        mknod -m 666 "$root/dev/$name" c 1 "$minor"
    done <<<$'null 3\nzero 5\nfull 7\nrandom 8\nurandom 9'
    mknod -m 666 "$root/dev/tty" c 5 0
    mknod -m 666 "$root/dev/ptmx" c 5 2
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount --bind /dev/pts "$root/dev/pts"
    cover /dev/shm upper-shm
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s fd/0 "$root/dev/stdin"
    ln -s fd/1 "$root/dev/stdout"
    ln -s fd/2 "$root/dev/stderr"
}

# The job of making a layer: installs packages, and keeps what that has written.
make_layer() {
    # The resolver's configuration often is a link into /run.
    local -r resolver=$(readlink -m /etc/resolv.conf)
    if [[ ! -e $root$resolver && -e $resolver ]]; then
        mkdir -p "$root${resolver%/*}"
        cp "$resolver" "$root$resolver"
    fi
    # shellcheck disable=SC2016,SC2154  # expanded in there; the packages come from descriptor 3
    chroot "$root" "$BASH" -euc 'SCRIPTS=$1; source "$1/lib/common.sh"; source "$1/lib/packages.sh"; shift
        with_services_held install_packages "$@"' box "$SCRIPTS" "${box_packages[@]}"
    tar -c -f "${box[layer]}" -C "$top" --xattrs --xattrs-include='trusted.*' --numeric-owner \
        --exclude='upper/var/cache/apt/*' --exclude='upper/var/lib/apt/lists/*' --exclude='upper/tmp/*' upper
}

# The job of a sandbox: from here on the box is the whole world.
run_command() {
    ip link set lo up
    cd "$root"
    mkdir .host
    pivot_root . .host
    umount -l /.host
    rmdir /.host
    cd /
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/inside.sh"
    prepare
    cd "${box[directory]}"
    umask "${box[umask]}"
    set +e
    # shellcheck disable=SC2154
    "${box_command[@]}"
    exit
}

main
