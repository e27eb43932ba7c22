#!/bin/bash
# check.sh asan | tsan | clang_tidy | shell: one check of the whole project; ctest runs it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

# The suites that run without the installed system, built with the preset of that name.
under_sanitizer() {
    local -r preset=$1
    cmake --preset "$preset"
    cmake --build "build/$preset"
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel 2 --label-regex '^(unit|nss|pam)$'
}

case ${1:-} in
asan | tsan) under_sanitizer "$1" ;;
clang_tidy)
    cmake --preset clang
    run-clang-tidy-19 -quiet -p build/clang "^$PWD/(src|tests|bench)/"
    ;;
shell)
    shellcheck --external-sources scripts/{sandbox,test,demo,bench,package} scripts/lib/*.sh tests/checks/check.sh tests/unit/daemon/{secrets,units}.sh .ci/run \
        conf/bash-completion/sqlmapctl conf/sql-infrastructure/auth-host \
        packaging/debian/*.{postinst,prerm,postrm} packaging/debian/tests/{logins,direct} tests/packages/*.sh
    ;;
*)
    echo "usage: check.sh asan | tsan | clang_tidy | shell" >&2
    exit 2
    ;;
esac
