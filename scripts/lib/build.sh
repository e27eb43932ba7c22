# shellcheck shell=bash
# Configuring and building. Sourced, never run.

# build_release [tests] [bench]: brings build/release up to date. What was asked for once stays in it.
build_release() {
    local -a arguments=()
    [[ -e $CHECKOUT/build/release/build.ninja ]] || arguments=(-DSQLMAP_BUILD_TESTS=OFF -DSQLMAP_BUILD_BENCH=OFF)
    local part
    for part; do
        arguments+=("-DSQLMAP_BUILD_${part^^}=ON")
    done
    alone build_release_alone "${arguments[@]}"
}

build_release_alone() {
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
