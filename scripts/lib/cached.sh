# shellcheck shell=bash
# What is made once and used by every sandbox: an empty MariaDB data directory, and file system layers with more packages.
# Sourced, never run. Whatever is in build/sandbox may be deleted; it is made anew.

# database_template: prints the path of an initialised data directory of the installed MariaDB.
database_template() {
    local version
    version=$(dpkg-query -W -f '${Version}' mariadb-server-core) || return
    local -r template="$CACHE/mariadb-${version//[^0-9a-zA-Z.+-]/_}"
    [[ -d $template ]] || alone make_database_template "$template" || return
    printf '%s\n' "$template"
}

make_database_template() {
    local -r template=$1 partial="$CACHE/mariadb.partial"
    [[ ! -d $template ]] || return 0
    rm -rf "$partial" "$CACHE"/mariadb-*
    mkdir -p "$partial/tmp"
    quietly mariadb-install-db --no-defaults --user=root --datadir="$partial/data" --tmpdir="$partial/tmp" \
        --auth-root-authentication-method=socket --auth-root-socket-user=root --skip-test-db --skip-name-resolve --force \
        --innodb-log-file-size=8M --innodb-buffer-pool-size=16M || return
    mv "$partial/data" "$template" && rm -rf "$partial"
}

# package_layer PACKAGE...: prints the path of a layer that holds those of the packages that this system lacks, and nothing
# if it has them all. A layer belongs to one state of the system below it.
package_layer() {
    local missing state
    mapfile -t missing < <(missing_packages "$@" | sort -u)
    ((${#missing[@]})) || return 0
    state=$(cat /var/lib/dpkg/status /etc/passwd /etc/group "$SCRIPTS/lib/cached.sh" "$SCRIPTS/lib/box.sh" | sha256sum | head -c 16)
    local name="${missing[*]}"
    local -r layer="$CACHE/layers/$state/${name// /,}.tar"
    [[ -e $layer ]] || alone make_package_layer "$layer" "${missing[@]}" || return
    printf '%s\n' "$layer"
}

make_package_layer() {
    local -r layer=$1 partial="$CACHE/layer.partial"
    shift
    [[ ! -e $layer ]] || return 0
    say "making a layer with $*"
    local other
    for other in "$CACHE"/layers/*; do
        [[ $other == "${layer%/*}" ]] || rm -rf "$other"
    done
    mkdir -p "${layer%/*}"
    # shellcheck disable=SC2034  # run_box hands them over
    local -rA box=([job]=make_layer [layer]=$partial)
    # shellcheck disable=SC2034
    local -ra box_packages=("$@")
    quietly run_box host || return
    mv "$partial" "$layer"
}
