#!/bin/bash
# other_distribution.sh CODENAME DIRECTORY: builds the source package of DIRECTORY on another distribution than Debian 12, as its build machines
# do it; holds its client library to the unit tests that have a MariaDB; installs what comes out, and runs the tests that the packages bring
# along. CODENAME is trixie (Debian 13) or noble (Ubuntu 24.04). Needs root, and a mirror of Debian, for noble of Ubuntu, too.
set -euo pipefail

SCRIPTS=$(cd "$(dirname "$(readlink -f "$0")")/../../scripts" && pwd)
for part in common packages ubuntu; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done

declare -r root=/run/distribution

in_root() {
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# make_root CODENAME: the distribution with a compiler, in an archive that is made once.
make_root() {
    local -r archive="$CACHE/$1.tar"
    [[ ! -e $archive ]] || return 0
    say "making an empty $1"
    local -a from
    case $1 in
    trixie) from=(trixie "$archive.partial.tar") ;;
    noble)
        make_ubuntu_keyring || return
        from=("${UBUNTU_OPTIONS[@]}" noble "$archive.partial.tar" "$UBUNTU_MIRROR")
        ;;
    *) die "unknown distribution $1" ;;
    esac
    quietly mmdebstrap --variant=buildd --include=autopkgtest,iproute2 "${from[@]}" &&
        mv "$archive.partial.tar" "$archive"
}

if [[ $1 != --inside ]]; then
    require_root
    install_missing mmdebstrap util-linux
    alone make_root "$1"
    exec unshare --mount --pid --fork --kill-child --propagation private "$0" --inside "$@"
fi
shift
archive="$CACHE/$1.tar"
resolver=$(cat /etc/resolv.conf)  # which may be in /run
mount -t tmpfs -o mode=755 run /run
mkdir "$root"
# What is built is thrown away with it.
mount -t tmpfs -o mode=755 distribution "$root"
tar -x -f "$archive" -C "$root" --numeric-owner
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
printf '%s\n' "$resolver" >"$root/etc/resolv.conf"
printf 'force-unsafe-io\n' >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

mkdir "$root/root/source"
cp "$2"/*.dsc "$2"/*.tar.* "$root/root/source"
quietly in_root apt-get -y update
say "building on $1"
quietly in_root bash -c 'cd /root/source && apt-get -y --no-install-recommends build-dep ./*.dsc && dpkg-source -x ./*.dsc tree'
if ! in_root bash -c 'cd /root/source/tree && dpkg-buildpackage -us -uc -b' >"$root/build.log" 2>&1 </dev/null; then
    grep -A 8 -E 'CMake Error|error:|Failure$' "$root/build.log" | head -n 60 >&2
    die "the build failed"
fi
# The packages, and what their tests ask for, while there is a network.
quietly in_root bash -c 'cd /root/source && apt-get -y --no-install-recommends install ./*.deb curl mariadb-client-core mariadb-server-core openssh-server vsftpd'
# Another release of the client library looks at other things by itself, at a server's certificate above all.
quietly in_root bash -c 'apt-get -y --no-install-recommends install mariadb-client openssl && ninja -C /root/source/tree/obj-* tests/unit/sql/all'
in_root bash -c 'cd /root/source/tree/obj-* && ctest --tests-regex ^sql_ --output-on-failure --no-tests=error'
rm "$root/usr/sbin/policy-rc.d"
# This is the container that the tests want; newer releases of autopkgtest know of none by themselves.
# shellcheck disable=SC2016
exec unshare --net chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 bash -c \
    'ip link set lo up && cd /root/source && exec autopkgtest --ignore-restrictions=isolation-container --no-built-binaries ./*.deb ./*.dsc -- null'
