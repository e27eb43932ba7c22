#!/bin/bash
# newcomer.sh PAGE DIRECTORY [--write]: follows doc/uses/PAGE.md (or README.md, `readme`) as somebody does who has never seen sqlmap: on an
# empty Debian 12 with MariaDB, which systemd has booted, with the packages of DIRECTORY and those that the page says to install. Needs root
# and a Debian mirror. --write is page.py's.
set -euo pipefail

SCRIPTS=$(cd "$(dirname "$(readlink -f "$0")")/../../scripts" && pwd)
for part in common packages; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
# shellcheck source-path=SCRIPTDIR source=empty_debian.sh
source "${0%/*}/empty_debian.sh"

declare -r debian="$CACHE/newcomer"  # a root directory with MariaDB, which nobody changes
declare -r fetched=/run/newcomer     # what this run adds to it: packages that are not installed yet

in_root() {
    chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${@:2}"
}

make_debian() {
    local -r empty=$1
    [[ ! $debian -nt $empty ]] || return 0
    say "making a Debian 12 with MariaDB"
    rm -rf "$debian" "$debian.partial"
    mkdir "$debian.partial"
    tar -x -f "$empty" -C "$debian.partial" --numeric-owner
    printf 'APT::Get::Assume-Yes "true";\n' >"$debian.partial/etc/apt/apt.conf.d/assume-yes"
    printf 'force-unsafe-io\n' >"$debian.partial/etc/dpkg/dpkg.cfg.d/unsafe-io"
    printf '#!/bin/sh\nexit 101\n' >"$debian.partial/usr/sbin/policy-rc.d"
    chmod 755 "$debian.partial/usr/sbin/policy-rc.d"
    quietly in_root "$debian.partial" apt-get update
    quietly in_root "$debian.partial" apt-get install mariadb-server
    rm "$debian.partial/usr/sbin/policy-rc.d"
    mv "$debian.partial" "$debian"
    touch "$debian"
}

# What `apt install` is to find where there is no network.
fetch() {
    local command
    mkdir -p "$fetched"/{upper,work,root}
    mount -t overlay -o "lowerdir=$debian,upperdir=$fetched/upper,workdir=$fetched/work" newcomer "$fetched/root"
    mkdir -p "$fetched/root/root/build/packages"
    find "$packages" -name '*.deb' ! -name '*-dbgsym_*' -exec cp -t "$fetched/root/root/build/packages" {} +
    printf '%s\n' "$resolver" >"$fetched/root/etc/resolv.conf"
    quietly in_root "$fetched/root" apt-get update
    for command; do
        quietly in_root "$fetched/root" bash -c "cd && ${command/apt/apt-get --download-only}"
    done
    umount "$fetched/root"
}

if [[ $1 != --inside ]]; then
    require_root
    install_missing "${PACKAGE_PACKAGES[@]}" iproute2 python3
    empty=$(empty_debian)
    alone make_debian "$empty"
    exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private "$0" --inside "$@"
fi
shift
page=$(find "$CHECKOUT"/{doc/uses,doc,README.md} -maxdepth 1 -iname "$1.md" | head -n 1)
packages=$2
# Each page begins where sqlmap is installed, but for the README, which says how.
install=$(grep -om 1 '^apt install \./build/packages/[^ ]*' "$CHECKOUT/README.md") || die "README.md does not say how the packages are installed"
mapfile -t installs < <(sed -nE 's/^(<!-- run.* \|\| )?(apt install .*)/\2/; T; s/ -->$//; p' "$page")
resolver=$(cat /etc/resolv.conf)  # which may be in /run
mount -t tmpfs -o mode=755 run /run
fetch "$install" "${installs[@]}"
# What stands beside the hosts of a page is this machine, and stays as it is.
cp /etc/hosts /run/known
mount --bind /run/known /etc/hosts
for writable in /tmp "$CHECKOUT"; do
    mount --bind "$writable" "$writable"
done
mount -o remount,bind,ro /
exec unshare --net /usr/bin/python3 -B "${0%/*}/newcomer.py" "$1" "$debian" "$fetched/upper" "${@:3}" --install "$install"
