# shellcheck shell=bash
# Configuring and building. Sourced, never run.

# build_what_is_installed: brings build/release up to date; if there is none yet, one without the tests.
build_what_is_installed() {
    local -a arguments=()
    [[ -e $CHECKOUT/build/release/build.ninja ]] || arguments=(-DSQLMAP_BUILD_TESTS=OFF -DSQLMAP_BUILD_BENCH=OFF)
    alone build_release "${arguments[@]}"
}

# build_everything: likewise, with the tests.
build_everything() {
    alone build_release -DSQLMAP_BUILD_TESTS=ON -DSQLMAP_BUILD_BENCH=ON
}

build_release() {
    if (($#)); then
        (cd "$CHECKOUT" && quietly cmake --preset release "$@") || return
    fi
    [[ $(ninja -C "$CHECKOUT/build/release" -n) == *'no work to do'* ]] || say "building build/release"
    quietly cmake --build "$CHECKOUT/build/release"
}

# cache_value BUILD VARIABLE: a variable of a build directory's CMake cache.
cache_value() {
    sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt"
}
