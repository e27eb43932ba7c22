# shellcheck shell=bash
# The Debian packages that each job needs, and how they get there. Sourced, never run.

# shellcheck disable=SC2034  # the lists are for the scripts that source this file
readonly BUILD_PACKAGES=(
    build-essential cmake ninja-build pkg-config
    libtomlplusplus-dev libmariadb-dev libpam0g-dev libcrypt-dev libssl-dev libargon2-dev libsodium-dev libxxhash-dev
    libsystemd-dev libcli11-dev nlohmann-json3-dev scdoc libconfig++-dev
)
# Servers come without their services: mariadb-server-core holds the program alone, and what would start something at the
# next boot (sshd, the FTP servers, cron) is installed inside the sandbox only.
# shellcheck disable=SC2034
readonly SANDBOX_PACKAGES=(mariadb-server-core mariadb-client-core util-linux iproute2 passwd tar)
# shellcheck disable=SC2034
readonly DEMO_PACKAGES=(python3 curl openssl openssh-client)
# shellcheck disable=SC2034
readonly TEST_PACKAGES=(
    libgtest-dev libgmock-dev libbenchmark-dev python3 python3-prometheus-client python3-pytest
    binutils clang-format curl expect git libcap2-bin lftp login mandoc mariadb-client openssh-client openssl pamtester procps shellcheck sshpass strace systemd valgrind
)
# shellcheck disable=SC2034
readonly PACKAGE_PACKAGES=(debhelper dh-nss dpkg-dev zlib1g-dev git lintian systemd blhc devscripts mmdebstrap piuparts)
# shellcheck disable=SC2034
readonly THOROUGH_PACKAGES=(clang-19 clang-tidy-19 libclang-rt-19-dev)

# install_missing PACKAGE...: installs those that are not there. Nothing that is installed is removed for it, and no service
# is started.
install_missing() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    require_root
    say "installing ${missing[*]}"
    alone with_services_held install_packages "${missing[@]}" || die "could not install ${missing[*]}"
}

missing_packages() {
    local package
    local -A installed=()
    while read -r package; do
        installed[$package]=1
    done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')
    for package; do
        [[ -v installed[$package] ]] || printf '%s\n' "$package"
    done
}

# The package lists of a fresh system are empty or old: fetch them only if the first try fails.
install_packages() {
    local -r apt=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y -o DPkg::Lock::Timeout=300)
    local -r install=("${apt[@]}" install --no-install-recommends --no-remove "$@")
    "${install[@]}" >/dev/null 2>&1 </dev/null && return
    quietly "${apt[@]}" update
    quietly "${install[@]}"
}

# with_services_held COMMAND...: Debian's packages start their services unless policy-rc.d says no. A file of somebody else is
# the administrator's decision; one of ours was left by a run that was killed.
with_services_held() (
    local -r policy=/usr/sbin/policy-rc.d mark='# sqlmap: no service is started while its packages are installed'
    if [[ ! -e $policy ]] || grep -qxF "$mark" "$policy"; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 129' HUP
        trap 'exit 130' INT
        trap 'exit 143' TERM
        printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
        chmod 755 "$policy"
    fi
    "$@"
)
