"""The sandbox's MariaDB, the accounts in it, and where client and server run."""

import os
import re
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CONFIGURATION = (CHECKOUT / "conf/sqlmapd.toml").read_text(encoding="utf-8")
SECRETS = (CHECKOUT / "conf/secrets.toml").read_text(encoding="utf-8")

SOCKET = "/run/mysqld/mysqld.sock"
DATABASE = "accounts"

PASSWORD = "benchmark"
# sha512crypt with its 5,000 rounds: both pam_sqlmap by default and pam_mysql accept it.
HASH = "$6$aBcDeFgHiJkLmNoP$tKG7DF/HLxMURjMrx7ZvaKSwvFgxyTv0IBGY1xJRMNnEOdUaoC9uIeX.jbCgA6c3cZAxJHboMx3m3YS5Aajfm/"


def setting(text, key):
    """A string of a TOML file, also of a line that shows a default."""
    return re.search(rf'^#?{key} = "(.*)"$', text, re.MULTILINE).group(1)


IDENTITY = (setting(CONFIGURATION, "user"), setting(CONFIGURATION, "password"))
PRIVILEGED = (setting(SECRETS, "user"), setting(SECRETS, "password"))


def query(name):
    """The default query of conf/sqlmapd.toml, as a statement with a question mark."""
    return re.sub(r":\w+", "?", setting(CONFIGURATION, name))


def sql(statements):
    return subprocess.run(["mariadb", "--no-defaults", "--batch", "--skip-column-names", DATABASE],
                          input=statements, capture_output=True, text=True, check=True).stdout


def make_groups():
    sql("INSERT INTO sqlmap_groups (groupname, gid) SELECT CONCAT('team', seq), 100000 + seq FROM seq_0_to_100")


def add_users(present, wanted):
    """user000001, user000002, ...: the uids are 100001, 100002, ..., and each is in the group 100000 and in three more."""
    sql(f"""
        INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password)
        SELECT CONCAT('user', LPAD(seq, 6, '0')), 100000 + seq, 100000, CONCAT('User number ', seq),
               CONCAT('/srv/homes/user', LPAD(seq, 6, '0')), '/bin/bash', '{HASH}'
        FROM seq_{present + 1}_to_{wanted};
        INSERT INTO sqlmap_memberships (username, gid)
        SELECT CONCAT('user', LPAD(u.seq, 6, '0')), 100001 + (u.seq + 33 * m.seq) % 100
        FROM seq_{present + 1}_to_{wanted} u, seq_0_to_2 m;
        ANALYZE TABLE sqlmap_users, sqlmap_memberships;
        """)


def forget_peak_connections():
    sql("FLUSH STATUS")


def peak_connections():
    return int(sql("SHOW GLOBAL STATUS LIKE 'Max_used_connections'").split()[1])


def put_server_on(cpus):
    """All threads of the server, and those that they will start."""
    pid = Path("/run/mysqld/mysqld.pid").read_text(encoding="ascii").strip()
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            os.sched_setaffinity(int(task), cpus)
        except ProcessLookupError:
            pass
