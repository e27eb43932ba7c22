"""sqlmapctl views --install on a server over the network: TLS is as sqlmapd.toml has it, whoever names the server; without that file it is verified."""

import subprocess

import pytest
from ctl import CONFIG, PASSWORD, run, sql
from tls_server import FILES, make_authority, make_certificate, with_certificate

WORDS = ["views", "accounts", "--install", "--database", "accounts", "--server", "127.0.0.1", "--user", "boss", "--stdin"]
REFUSED = "sqlmapctl: 127.0.0.1:3306, as boss in database accounts: sign in: error 2026: TLS/SSL error: "


@pytest.fixture(scope="module", autouse=True, name="server")
def fixture_server():
    """And its administrator, whom it lets in by TLS alone."""
    for name in ("ca", "other-ca"):
        make_authority(name)
    make_certificate("good", "DNS:localhost,IP:127.0.0.1", "-days", "30")
    sql(f"CREATE USER boss@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL; GRANT ALL ON *.* TO boss@'127.0.0.1' WITH GRANT OPTION")
    with with_certificate("good"):
        yield
    sql("DROP USER boss@'127.0.0.1'")


@pytest.fixture(autouse=True, name="configured")
def fixture_configured():
    """Writes lines into [database]; nothing: there is no configuration."""
    before = CONFIG.read_text(encoding="utf-8")

    def configure(lines=None):
        if lines is None:
            CONFIG.unlink()
        else:
            CONFIG.write_text(before.replace("[database]\n", f"[database]\n{lines}\n"), encoding="utf-8")

    yield configure
    CONFIG.write_text(before, encoding="utf-8")


def install(**options):
    return run(*WORDS, stdin=f"{PASSWORD}\n", **options)


@pytest.mark.parametrize("lines, why", [
    ('tls = "required"', None),
    (f'tls_ca = "{FILES}/ca.pem"', None),
    (f'tls = "verify-ca"\ntls_ca = "{FILES}/ca.pem"', None),
    (f'tls = "verify"\ntls_ca = "{FILES}/other-ca.pem"', f"{REFUSED}self-signed certificate in certificate chain"),
    ('tls = "off"', "sqlmapctl: 127.0.0.1:3306, as boss in database accounts: sign in: error 1045: Access denied for user 'boss'@'127.0.0.1' "
                    "(using password: YES)"),
    (None, f"{REFUSED}self-signed certificate in certificate chain"),
    ('tls = "perhaps"', 'sqlmapctl: the configuration has mistakes:\n  /etc/sqlmapd/sqlmapd.toml:4: [database] tls: "perhaps" is none of the '
                        'modes; allowed: "verify", "verify-ca", "required", "off"'),
])
def test_a_server_that_the_command_line_names_has_to_show_what_the_configuration_demands(configured, lines, why):
    configured(lines)
    result = install()
    if why is None:
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith("Database accounts on 127.0.0.1:3306:\n")
    else:
        assert (result.returncode, result.stdout, result.stderr) == (3, "", why + "\n")


def test_the_authorities_of_the_system_verify_a_server_where_there_is_no_configuration(configured):
    configured()
    subprocess.run(["cp", FILES / "ca.pem", "/usr/local/share/ca-certificates/of-this-test.crt"], check=True)
    subprocess.run(["update-ca-certificates"], check=True, capture_output=True)
    result = install()
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("lines", [None, "a mistake"])
def test_the_servers_own_socket_needs_no_configuration(configured, lines):
    """It is often put in place before there is one."""
    configured(lines)
    result = run("views", "accounts", "--install", "--database", "accounts", "--server", "/run/mysqld/mysqld.sock")
    assert (result.returncode, result.stderr) == (0, "")
