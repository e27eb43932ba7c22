"""Sets up, in the sandbox, the modules that are measured: sqlmap's are installed already, their predecessors ask the same views."""

import os
import re
import shutil
import subprocess
import sys
import time
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
    subprocess.run(["ldconfig"], check=True)
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


NSCD = """\
enable-cache passwd yes
enable-cache group yes
positive-time-to-live passwd 3600
positive-time-to-live group 3600
suggested-size passwd 200003
suggested-size group 200003
max-db-size passwd 268435456
max-db-size group 268435456
persistent passwd no
persistent group no
shared passwd yes
shared group yes
check-files passwd no
check-files group no
"""


def start_nscd():
    """glibc's cache in front of sqlmap, for programs that go by nsswitch.conf; its process, or None if it is not installed."""
    if not Path("/usr/sbin/nscd").exists():
        return None
    Path("/etc/nscd.conf").write_text(NSCD, encoding="ascii")
    nsswitch = Path("/etc/nsswitch.conf")
    lines = [line for line in nsswitch.read_text(encoding="utf-8").splitlines() if not re.match("(passwd|group|initgroups):", line)]
    nsswitch.write_text("\n".join([*lines, "passwd: files sqlmap", "group: files sqlmap", ""]), encoding="utf-8")
    Path("/run/nscd").mkdir(exist_ok=True)
    nscd = subprocess.Popen(["/usr/sbin/nscd", "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not Path("/run/nscd/socket").exists():
        if nscd.poll() is not None:
            sys.exit("measure: nscd did not start")
        time.sleep(0.01)
    return nscd


def forget_in_nscd(nscd):
    if nscd is not None:
        for table in ("passwd", "group"):
            subprocess.run(["/usr/sbin/nscd", "--invalidate", table], check=True)


def stop_nscd(nscd):
    if nscd is not None:
        nscd.terminate()
        nscd.wait()
