# shellcheck shell=bash
# Running tests. Sourced, never run.

# run_tests BUILD CTEST_ARGUMENT...: ctest. Calls are held to their one second, and servers to a look-up's: a machine that stood still for as long
# is no mistake of the program's, so what has failed is named, and run once more by itself. Not if anything crashed, hung or was reported
# by a sanitizer, nor if a check failed, or the packages were not built: those that were are used once more as they are.
run_tests() {
    local -r log="$1/tests.log" names="$1/Testing/Temporary/LastTestsFailed.log"
    local failed status=0
    rm -f "$log" "$names"
    ctest --test-dir "$1" --output-on-failure --output-log "$log" "${@:2}" || status=$?
    ((status != 0)) && [[ -s $names ]] || return "$status"
    failed=$(cut -d : -f 2 "$names")
    if grep -q -E '^(check\.|package\.build$)' <<<"$failed" || grep -q -E '\*\*\*(Exception|Timeout)|Sanitizer|runtime error:' "$log"; then
        return "$status"
    fi
    say "these have failed, and are run once more, one at a time: ${failed//$'\n'/ }"
    ctest --test-dir "$1" --output-on-failure --rerun-failed --fixture-exclude-setup packages
}
