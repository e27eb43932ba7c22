#!/bin/bash
# One check of the whole project; ctest runs it. See usage.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
SCRIPTS=$PWD/scripts
for part in common tests; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done

usage() {
    cat >&2 <<'END'
Usage: check.sh CHECK

  build PRESET     builds a preset of its own, in build/PRESET, with what the tests beside it leave of the processors; of the preset
                   clang, the programs, the modules and the fuzz targets
  asan, tsan       the suites that run without the installed system, with the preset of that name
  fuzz             each fuzz target for a bounded time, built by the preset clang
  clang_tidy       the checks of .clang-tidy, but not those that take longer than all others, on what the last ten commits changed
  clang_tidy_all   all of them, on each file; takes more than an hour
  format           clang-format has nothing to change
  shell            shellcheck has nothing to say
END
    exit 2
}

# ctest_of PRESET LABELS
ctest_of() {
    run_tests "build/$1" --no-tests=error --parallel 2 --label-regex "^($2)$"
}

# One by one: joined, they would be held to the rules of another folder.
configure_for_tidy() {
    cmake --preset clang -B build/clang-files -DCMAKE_UNITY_BUILD=OFF
}

# The sources that were changed, and those beside a header that was.
changed_sources() {
    local file
    git diff --name-only --diff-filter=d "$(git rev-list -n 11 HEAD | tail -n 1)" -- src tests bench | sed -nE 's/[.](cc|h)$//p' | sort -u |
        while read -r file; do
            [[ ! -e $file.cc || $file == tests/fuzz/* ]] || printf '%s.cc\n' "$file"
        done
}

case ${1:-} in
build)
    [[ -n ${2:-} ]] || usage
    cmake --preset "$2"
    targets=(all)
    [[ $2 != clang ]] || targets=(src/all tests/fuzz/all)
    chrt --idle 0 cmake --build "build/$2" --target "${targets[@]}"
    ;;
asan | tsan) ctest_of "$1" 'unit|nss|pam' ;;
fuzz) ctest_of clang fuzz ;;
clang_tidy)
    configure_for_tidy
    mapfile -t sources < <(changed_sources)
    echo "${#sources[@]} files; all of them with check.sh clang_tidy_all"
    [[ $(git rev-parse --is-shallow-repository) == false ]] || echo "no more of the last ten commits are there: git fetch --unshallow"
    printf '%s\n' "${sources[@]}" | xargs --no-run-if-empty --max-args 4 --max-procs 2 \
        nice clang-tidy-19 -quiet -p build/clang-files -checks=-clang-analyzer-*,-performance-unnecessary-value-param
    ;;
clang_tidy_all)
    configure_for_tidy
    run-clang-tidy-19 -quiet -p build/clang-files "^$PWD/(src|tests|bench)/"
    ;;
format) git ls-files -z -- '*.cc' '*.h' | xargs -0 clang-format --dry-run -Werror ;;
shell)
    shellcheck --external-sources scripts/{sandbox,test,demo,bench,package} scripts/lib/*.sh tests/checks/*.sh tests/unit/daemon/{secrets,units}.sh .ci/run \
        conf/bash-completion/sqlmapctl conf/sql-infrastructure/auth-host \
        packaging/debian/*.{postinst,prerm,postrm} packaging/debian/tests/{logins,direct} tests/{packages,mysql}/*.sh
    ;;
*) usage ;;
esac
