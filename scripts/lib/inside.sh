# shellcheck shell=bash
# What happens in the box before COMMAND runs: MariaDB, sqlmap, and the system's use of it. Sourced by box.sh, never run.

declare -r socket=/run/mysqld/mysqld.sock
declare -r database=accounts

# Names are switched on last, so that nothing in here asks a module that is not ready.
# shellcheck disable=SC2154  # box is handed over by run_box
prepare() {
    # There is no DNS in here, and servers want to know the address of their own name.
    grep -qw -- "$HOSTNAME" /etc/hosts 2>/dev/null || printf '127.0.1.1 %s\n' "$HOSTNAME" >>/etc/hosts
    start_database
    if [[ ${box[plain]} == no ]]; then
        install_sqlmap
        if [[ ${box[mode]} != unconfigured ]]; then
            configure_sqlmap
            include_in_pam
        fi
    fi
    await_database
    if [[ ${box[mode]} == unconfigured ]]; then
        run_sql_files
    else
        create_database
        run_sql_files "$database"
    fi
    if [[ ${box[plain]} == no ]]; then
        use_sqlmap
        [[ ${box[mode]} == direct ]] || make_service_user
        [[ ${box[mode]} != daemon ]] || start_daemon
    fi
}

# A tmpfs of its own hides this system's data.
start_database() {
    getent passwd mysql >/dev/null || useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin mysql
    mkdir -p /var/lib/mysql
    mount -t tmpfs -o mode=755 mysql /var/lib/mysql
    cp -a "${box[template]}/." /var/lib/mysql
    mkdir -p /run/mysqld/tmp
    chown -R mysql:root /var/lib/mysql /run/mysqld
    # shellcheck disable=SC2154
    mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --socket="$socket" --pid-file=/run/mysqld/mysqld.pid \
        --tmpdir=/run/mysqld/tmp --log-error=/run/mysqld/error.log --bind-address=127.0.0.1 --skip-name-resolve \
        --performance-schema=0 --innodb-buffer-pool-size=64M --innodb-log-file-size=8M \
        --innodb-flush-log-at-trx-commit=0 "${box_mariadb_arguments[@]}" </dev/null >/run/mysqld/output.log 2>&1 &
    database_pid=$!
    disown "$database_pid"
}

await_database() {
    until [[ -S $socket ]]; do
        if ! kill -0 "$database_pid" 2>/dev/null; then
            cat /run/mysqld/error.log /run/mysqld/output.log >&2
            die "MariaDB did not start"
        fi
        sleep 0.005
    done
}

create_database() {
    {
        printf 'CREATE DATABASE %s;\n' "$database"
        create_user sqlmapd.toml database
        create_user secrets.toml privileged
    } | sql || die "could not create the database"
}

# run_sql_files [DATABASE]
run_sql_files() {
    local file
    # shellcheck disable=SC2154
    for file in "${box_sql[@]}"; do
        sql "$@" <"$file" || die "MariaDB refused $file"
    done
}

sql() {
    mariadb --no-defaults --socket="$socket" --user=root --default-character-set=utf8mb4 "$@"
}

# create_user FILE SECTION: the database user that the shipped examples log in with. All passwords are in secrets.toml.
create_user() {
    local -r user=$(toml_string "$CHECKOUT/conf/$1" "$2" user) password=$(example_password "$2")
    printf "CREATE USER '%s'@'localhost' IDENTIFIED BY '%s';\n" "$user" "$password"
}

example_password() {
    toml_string "$CHECKOUT/conf/secrets.toml" "$1" password
}

# toml_string FILE SECTION KEY: a plain string of a TOML file.
toml_string() {
    sed -n "/^\[$2\]/,/^\[[^]]*\] *\(#.*\)\?$/ s/^$3 *= *\"\([^\"]*\)\".*/\1/p" "$1" | head -n 1
}

install_sqlmap() {
    quietly cmake --install "${box[build]}"
    ldconfig
}

configure_sqlmap() {
    mkdir -p /etc/sqlmapd
    install -m 644 "${box[config]:-$CHECKOUT/conf/sqlmapd.toml}" /etc/sqlmapd/sqlmapd.toml
    if [[ ${box[patient]} == yes ]]; then
        sed -i -E 's/^#((connect|query)_timeout_ms) = .*/\1 = 1000/' /etc/sqlmapd/sqlmapd.toml
    fi
    install -m 600 "${box[secrets]:-$CHECKOUT/conf/secrets.toml}" /etc/sqlmapd/secrets.toml
    install -m 644 "$CHECKOUT/conf/pam.d/common-sqlmap" /etc/pam.d/common-sqlmap
    if [[ -z ${box[config]} && ${box[mode]} == direct ]]; then
        local password
        password=$(example_password database)
        sed -i -e "0,/^#password = / s/^#password = .*/password = \"$password\"/" -e 's/^#enabled = false$/enabled = true/' \
            /etc/sqlmapd/sqlmapd.toml
    elif [[ -z ${box[secrets]} && -n $(toml_string /etc/sqlmapd/sqlmapd.toml database password) ]]; then
        # Whoever brings a password of his own means it: the example's would stand in its place.
        sed -i '/^\[database\]/,$ s/^password = /#&/' /etc/sqlmapd/secrets.toml
    fi
}

# Where common-sqlmap says that its include belongs: in front of the first one of Debian's common files.
include_in_pam() {
    local service file
    # shellcheck disable=SC2154
    for service in "${box_pam[@]}"; do
        file="/etc/pam.d/$service"
        if grep -q '^@include common-' "$file" 2>/dev/null; then
            sed -i '0,/^@include common-/ s/^@include common-/@include common-sqlmap\n&/' "$file"
        else
            printf '@include common-sqlmap\n' >>"$file"
        fi
    done
}

use_sqlmap() {
    local line
    # shellcheck disable=SC2154
    for line in "${box_nsswitch[@]}"; do
        sed -i "/^${line%%:*}:/d" /etc/nsswitch.conf
        printf '%s\n' "$line" >>/etc/nsswitch.conf
    done
    case ,$(cache_value "${box[build]}" SQLMAP_SANITIZE), in
    *,address,*) preload libasan.so ;;
    *,thread,*) preload libtsan.so ;;
    esac
}

# A module with a sanitizer in it can only be loaded by a program that has the sanitizer's runtime already. The leaks of all
# those programs are not ours; a caller who looks for one sets ASAN_OPTIONS=detect_leaks=1.
preload() {
    export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
    readlink -f "$("$(cache_value "${box[build]}" CMAKE_CXX_COMPILER)" -print-file-name="$1")" >/etc/ld.so.preload
}

make_service_user() {
    grep -q '^_sqlmapd:' /etc/passwd || useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin _sqlmapd
}

# Returns when it has published, or die with what it said. Whatever its configuration leaves out, it answers.
start_daemon() {
    /usr/sbin/sqlmapd --foreground </dev/null >/run/sqlmapd.log 2>&1 &
    local -r daemon=$!
    disown "$daemon"
    printf '%s\n' "$daemon" >/run/sqlmapd.pid
    until sqlmapctl status >/dev/null 2>&1; do
        if ! kill -0 "$daemon" 2>/dev/null; then
            cat /run/sqlmapd.log >&2
            die "sqlmapd did not start"
        fi
        sleep 0.005
    done
    sqlmapctl refresh --wait >/dev/null 2>&1 || true
}
