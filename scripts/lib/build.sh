# shellcheck shell=bash
# Configuring and building. Sourced, never run.

# build_preset PRESET [CMAKE_ARGUMENT...]: brings build/PRESET up to date.
build_preset() {
    local -r preset=$1
    shift
    alone build_preset_alone "$preset" "$@"
}

build_preset_alone() {
    local -r preset=$1 directory="$CHECKOUT/build/$1"
    shift
    if [[ ! -e $directory/build.ninja ]] || (($#)); then
        [[ -e $directory/build.ninja ]] || say "configuring build/$preset"
        (cd "$CHECKOUT" && quietly cmake --preset "$preset" "$@") || return
    fi
    [[ -e $directory/.ninja_log ]] || say "building build/$preset"
    quietly cmake --build "$directory"
}

# cache_value BUILD VARIABLE: a variable of a build directory's CMake cache.
cache_value() {
    sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt"
}
