"""sqlmapctl views --install on a server that calls itself MySQL 8: it is sent nothing that MySQL does not know. See mysql8.py."""

import re
import subprocess
from pathlib import Path

import pytest
from ctl import CONFIG, run, sql
from mysql8 import PORT, mysql8

SCHEMA = Path(__file__).resolve().parents[1] / "data/aegir3-d7-schema.sql"
ADMINISTRATOR = "boss@'127.0.0.1'"
# Of what MySQL's manual names under "SQL Syntax Permitted in Prepared Statements", what is needed; and SHOW GRANTS, which its server takes
# for one of the status commands, all of which it prepares.
PREPARABLE = r"(CREATE( OR REPLACE)?( ALGORITHM = \w+)?( SQL SECURITY \w+)? VIEW|CREATE TABLE|CREATE USER|DROP VIEW|GRANT|REVOKE|SELECT|SET|SHOW GRANTS)\b"
MARIADB_ALONE = r"\bOR REPLACE (TABLE|USER|DATABASE)\b|\bIDENTIFIED VIA\b|\bmax_statement_time\b|\bRETURNING\b|\bSEQUENCE\b|/\*M!"
# What "Keywords and Reserved Words" of MySQL 8 reserves and MariaDB does not.
RESERVED = r"(?i)(?<![`@.])\b(cube|cume_dist|dense_rank|empty|first_value|function|grouping|groups|json_table|lag|last_value|lateral|lead|manual|" \
           r"nth_value|ntile|of|parallel|percent_rank|qualify|rank|row_number|system|tablesample)\b"


def without_texts(statement):
    """No comments, and nothing in quotes."""
    return re.sub(r"(?m)--( .*)?$", "", re.sub(r"'[^']*'", "''", statement)).strip()


@pytest.fixture(scope="module", autouse=True)
def databases():
    sql(f"CREATE DATABASE aegir; CREATE USER {ADMINISTRATOR} IDENTIFIED BY 'boss-secret'; GRANT ALL PRIVILEGES ON *.* TO {ADMINISTRATOR} WITH GRANT OPTION")
    with SCHEMA.open(encoding="utf-8") as schema:
        subprocess.run(["mariadb", "--no-defaults", "aegir"], stdin=schema, check=True)


def install(name, port):
    CONFIG.write_text(f'[database]\nname = "{name}"\nservers = ["127.0.0.1:{port}"]\ntls = "off"\n')
    result = run("views", name, "--install", "--user", "boss", "--stdin", stdin="boss-secret\n")
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.replace(str(port), "PORT")


def without_settings(shown):
    """Whose lines also say what there was before."""
    return [line for line in shown.splitlines() if not re.fullmatch(r"\w+ +\S+ +\S+", line)]


@pytest.mark.parametrize("name", ["accounts", "aegir"])
def test_a_server_that_calls_itself_mysql_is_sent_what_mysql_knows_and_has_the_views_then(name):
    with mysql8() as seen:
        shown = install(name, PORT)
    session, *statements = map(without_texts, seen)
    assert re.fullmatch(r"SET SESSION wait_timeout=30, sql_mode=.*, max_execution_time=\d+, innodb_lock_wait_timeout=1", session)
    assert any(statement.endswith("VIEW nss_getpwnam AS") or "VIEW nss_getpwnam AS\n" in statement for statement in statements)
    assert [statement for statement in statements if not re.match(PREPARABLE, statement)] == []
    assert [statement for statement in statements if re.search(MARIADB_ALONE, statement) or re.search(RESERVED, statement)] == []
    # Whoever installs them again, on MariaDB as such, sees the same; a setting that is there stays.
    assert without_settings(install(name, 3306)) == without_settings(shown)
