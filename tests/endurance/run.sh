#!/bin/sh
# run.sh PROGRAM: inside the sandbox. Afterwards the server must have no more connections than the pool may have.
set -eu
printf 'auth required pam_sqlmap.so nodelay\naccount required pam_sqlmap.so\n' >/etc/pam.d/endurance
"$1"
connections=$(mariadb --no-defaults -N -B -e "SHOW STATUS LIKE 'Max_used_connections'" | cut -f2)
echo "at most $connections connections at once"
[ "$connections" -le 9 ]
