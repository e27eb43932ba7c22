"""The configuration examples fit the views: each query runs, as the user that asks it, and finds what it should."""

import re
import tomllib

import aegir
import pytest

CONF = aegir.ROOT / "conf"
AEGIR_TOML = (CONF / "aegir/sqlmapd.toml").read_text(encoding="utf-8")
PRIVILEGED = {"getspnam", "getspent", "auth"}
VALUES = {"name": "bolt.example", "uid": 10000, "gid": 10000, "host": "web2.example.net"}
# Of the servers; those of doc/uses are tested there, by logins.
USES = {page.stem for page in (aegir.ROOT / "doc/uses").glob("*.md")}
PAM_FILES = sorted(path for path in CONF.glob("*/pam.d/*") if path.parts[-3] not in USES)


def ask(identity, auth, database, key, template):
    """Asks a query as the program would."""
    values = [VALUES[name] for name in re.findall(r":(name|uid|gid|host)\b", template)]
    if key == "getgrnam":
        values = ["aegir"]
    client = auth if key in PRIVILEGED else identity
    return client.ask(database, aegir.prepared(template), *values)


def test_every_query_of_an_aegir_host_runs_with_its_users_grants(identity, auth, hosting):
    configured = tomllib.loads(AEGIR_TOML)["queries"]
    assert set(configured) == {"getpwuid"}
    for key, template in (aegir.TEMPLATES | configured).items():
        rows = ask(identity, auth, hosting, key, template)
        assert rows or key == "memsbygid", key


def test_the_queries_for_one_of_several_web_servers_find_its_own_sites_only(identity, auth, hosting):
    enabled = tomllib.loads(re.sub(r"(?m)^#(get\w+|gidsbymem|auth) = ", r"\1 = ", AEGIR_TOML))["queries"]
    by_host = {key: text for key, text in enabled.items() if ":host" in text}
    assert set(by_host) == {"getpwnam", "getpwent", "getspnam", "getspent", "gidsbymem", "auth"}
    for key, template in by_host.items():
        here = ask(identity, auth, hosting, key, template)
        assert len(here) == (4 if key.endswith("ent") else 1), key
        elsewhere = ask(identity, auth, hosting, key, template.replace(":host", "'web1.example.net'"))
        assert not {row["username"] for row in here} & {row["username"] for row in elsewhere}, key


def test_an_aegir_host_accepts_what_drupal_6_and_7_store(auth, hosting):
    schemes = tomllib.loads(AEGIR_TOML)["auth"]["schemes"]
    marked = {row["scheme"] for row in auth.query(hosting, "SELECT scheme FROM nss_mysql")}
    assert marked <= {"", *schemes}


@pytest.mark.parametrize("path", PAM_FILES, ids=lambda path: path.name)
def test_a_service_asks_sqlmap_before_what_would_refuse_its_accounts(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    includes = [line for line in lines if line.startswith("@include")]
    assert includes[0] == "@include common-sqlmap"
    assert not [line for line in lines[:lines.index(includes[0])] if "pam_shells" in line]


def test_every_server_of_the_table_has_its_pam_file():
    assert [path.name for path in PAM_FILES] == ["proftpd", "pure-ftpd", "vsftpd"]


def test_each_file_that_the_overview_names_exists_and_each_example_is_named():
    overview = (CONF / "README.md").read_text(encoding="utf-8")
    named = {name for row in re.findall(r"(?m)^\| (`.*?) \|", overview) for name in re.findall(r"`([^`]+)`", row)}
    for name in named:
        assert list(CONF.glob(name)), name
    present = {path for path in CONF.rglob("*") if path.is_file() and path.name not in ("CMakeLists.txt", "README.md")}
    assert present == {path for name in named for path in CONF.glob(name) if path.is_file()}
