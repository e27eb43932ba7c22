"""Accounts of sql/views/accounts.sql that change as a whole, so that an old entry, a new one, and a mixture can be told apart."""

from sandbox import sql

FIRST_UID = 20000


def make(count):
    """site0, site1, ...: each one's gecos, home and shell carry the number of the last `change`."""
    sql(f"""
        CREATE TABLE edition (number INT NOT NULL);
        INSERT INTO edition VALUES (0);
        INSERT INTO sqlmap_groups VALUES ('sites', {FIRST_UID});
        INSERT INTO sqlmap_users (username, uid, gid, homedir)
          SELECT CONCAT('site', seq), {FIRST_UID} + seq, {FIRST_UID}, '/srv' FROM seq_0_to_{count - 1};
        CREATE OR REPLACE SQL SECURITY DEFINER VIEW nss_getpwnam AS
          SELECT username, 'x' AS password, uid, gid, CONCAT('edition ', number) AS gecos, CONCAT('/srv/', number) AS homedir,
                 CONCAT('/bin/', number) AS shell FROM sqlmap_users CROSS JOIN edition;
    """)


def change(number):
    sql(f"UPDATE edition SET number = {number}")


def add(name, uid):
    sql(f"INSERT INTO sqlmap_users (username, uid, gid, homedir) VALUES ('{name}', {uid}, {FIRST_UID}, '/srv')")


def remove(name):
    sql(f"DELETE FROM sqlmap_users WHERE username = '{name}'")


def entry(uid, number):
    """As lookup.py shows it."""
    return f"found {uid}:{FIRST_UID}:edition {number}:/srv/{number}:/bin/{number}"


def edition(answer):
    """Of an entry; None of a mixture, or if there is none."""
    number = answer.rsplit("/", 1)[-1]
    uid = answer.removeprefix("found ").split(":")[0]
    return int(number) if number.isdigit() and answer == entry(uid, number) else None
