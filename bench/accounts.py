"""The sandbox's MariaDB, the accounts in it, and where client and server run."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CONFIGURATION = (CHECKOUT / "conf/sqlmapd.toml").read_text(encoding="utf-8")
SETTINGS = tomllib.loads(CONFIGURATION)
SECRETS = tomllib.loads((CHECKOUT / "conf/secrets.toml").read_text(encoding="utf-8"))

SOCKET = "/run/mysqld/mysqld.sock"
DATABASE = "accounts"
IDENTITY = (SETTINGS["database"]["user"], SECRETS["database"]["password"])
PRIVILEGED = (SECRETS["privileged"]["user"], SECRETS["privileged"]["password"])

PASSWORD = "benchmark"
# sha512crypt with its 5,000 rounds: both pam_sqlmap by default and pam_mysql accept it.
HASH = "$6$aBcDeFgHiJkLmNoP$tKG7DF/HLxMURjMrx7ZvaKSwvFgxyTv0IBGY1xJRMNnEOdUaoC9uIeX.jbCgA6c3cZAxJHboMx3m3YS5Aajfm/"


def default(key):
    """What conf/sqlmapd.toml shows as the default of a string."""
    return re.search(rf'^#{key} = "(.*)"$', CONFIGURATION, re.MULTILINE).group(1)


def query(name):
    """The default query of conf/sqlmapd.toml, as a statement with a question mark."""
    return re.sub(r":\w+", "?", default(name))


def sql(statements):
    return subprocess.run(["mariadb", "--no-defaults", "--batch", "--skip-column-names", DATABASE],
                          input=statements, capture_output=True, text=True, check=True).stdout


def make_groups():
    sql("INSERT INTO sqlmap_groups (groupname, gid) SELECT CONCAT('team', seq), 100000 + seq FROM seq_0_to_100")


def add_users(present, wanted, memberships=3):
    """user0000001, user0000002, ...: the uids are 100001, 100002, ..., each is in the group 100000, and in further ones."""
    sql(f"""
        INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password)
        SELECT CONCAT('user', LPAD(seq, 7, '0')), 100000 + seq, 100000, CONCAT('User number ', seq),
               CONCAT('/srv/homes/user', LPAD(seq, 7, '0')), '/bin/bash', '{HASH}'
        FROM seq_{present + 1}_to_{wanted};
        """)
    if memberships:
        sql(f"""
            INSERT INTO sqlmap_memberships (username, gid)
            SELECT CONCAT('user', LPAD(u.seq, 7, '0')), 100001 + (u.seq + 33 * m.seq) % 100
            FROM seq_{present + 1}_to_{wanted} u, seq_0_to_{memberships - 1} m;
            """)
    sql("ANALYZE TABLE sqlmap_users, sqlmap_memberships")


def forget_peak_connections():
    # Until the client before this one is gone for the server, too.
    while sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'root'; FLUSH STATUS").strip() != "1":
        pass


def peak_connections():
    return int(sql("SHOW GLOBAL STATUS LIKE 'Max_used_connections'").split()[1])


def limit_connections(count):
    sql(f"SET GLOBAL max_connections = {count}")


def newest_snapshot():
    return max(Path("/run/sqlmapd").glob("snapshot.*"), key=lambda path: path.stat().st_mtime_ns)


def processes_of(pid_file):
    """The process whose id is in the file, and its children; none if there is no such file."""
    try:
        first = Path(pid_file).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return []
    found = [first]
    for pid in found:  # which grows
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                found += Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split()
        except FileNotFoundError:
            pass
    return found


def put_servers_on(cpus):
    """All threads of the servers, and those that they will start."""
    for pid_file in ("/run/mysqld/mysqld.pid", "/run/sqlmapd.pid", "/run/nscd/nscd.pid"):
        for pid in processes_of(pid_file):
            for task in os.listdir(f"/proc/{pid}/task"):
                try:
                    os.sched_setaffinity(int(task), cpus)
                except ProcessLookupError:
                    pass
