#!/bin/sh
# run.sh PROGRAM: inside the sandbox. Of all the logins, the server must never have seen more connections at once than the two
# pools of four may have, beside those that are closed and that it has not yet ended.
set -eu
printf 'auth required pam_sqlmap.so nodelay\naccount required pam_sqlmap.so\n' >/etc/pam.d/endurance
"$1"
connections=$(mariadb --no-defaults -N -B -e "SHOW STATUS LIKE 'Max_used_connections'" | cut -f2)
echo "at most $connections connections at once"
[ "$connections" -le 24 ]
