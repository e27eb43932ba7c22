"""Sets up, in the sandbox, the modules that are measured: sqlmap's are installed already, their predecessors ask the same views."""

import os
import shutil
from pathlib import Path

from accounts import DATABASE, IDENTITY, PRIVILEGED, SOCKET

LIBRARIES = next(Path("/usr/lib").rglob("libnss_sqlmap.so.2")).parent
USER = "username, password, uid, gid, gecos, homedir, shell FROM nss_getpwnam"

# libnss-mysql puts the name in place of %1$s, and the id in place of %1$u.
LIBNSS_MYSQL = f"""\
getpwnam SELECT {USER} WHERE username='%1$s' LIMIT 1
getpwuid SELECT {USER} WHERE uid='%1$u' LIMIT 1
getpwent SELECT {USER}
getgrnam SELECT groupname, password, gid FROM nss_getgrnam WHERE groupname='%1$s' LIMIT 1
getgrgid SELECT groupname, password, gid FROM nss_getgrnam WHERE gid='%1$u' LIMIT 1
getgrent SELECT groupname, password, gid FROM nss_getgrnam
memsbygid SELECT username FROM nss_memsbygid WHERE gid='%1$u'
gidsbymem SELECT gid FROM nss_gidsbymem WHERE username='%1$s'
host localhost
socket {SOCKET}
database {DATABASE}
"""
LOGIN = "username {}\npassword {}\n".format(*IDENTITY)


def install_nss(name, module):
    """Makes the file `module` the NSS service `name`, configured as libnss-mysql is."""
    shutil.copy(module, LIBRARIES / f"libnss_{name}.so.2")
    Path("/etc/libnss-mysql.cfg").write_text(LIBNSS_MYSQL + LOGIN, encoding="ascii")
    root = Path("/etc/libnss-mysql-root.cfg")
    root.write_text(LOGIN, encoding="ascii")
    os.chmod(root, 0o600)


def pam_services(directory):
    """Writes a service for each PAM module that is installed, and returns their names."""
    user, password = PRIVILEGED
    services = {
        "pam_sqlmap": "pam_sqlmap.so",
        "pam_mysql": f"pam_mysql.so host={SOCKET} user={user} passwd={password} db={DATABASE} table=nss_mysql "
                     "usercolumn=username passwdcolumn=password crypt=1",
    }
    installed = {name: line for name, line in services.items() if (LIBRARIES / f"security/{name}.so").exists()}
    for name, line in installed.items():
        (directory / name).write_text(f"auth required {line}\n", encoding="ascii")
    return list(installed)
