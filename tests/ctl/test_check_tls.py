"""`sqlmapctl check` of a server over TLS: what is verified is said to be, and who is not who it should be gets no password."""

import contextlib
import shutil
import subprocess

import pytest
from ctl import CONFIG
from test_check import area, changed, difference, edited, findings, fixture_healthy  # noqa: F401 - a fixture
from tls_server import FILES, make_authority, make_certificate, started_with, with_certificate

SERVERS = {"good": lambda: with_certificate("good"), "elsewhere": lambda: with_certificate("elsewhere"),
           "expired": lambda: with_certificate("expired"), "no TLS": lambda: started_with("--skip-ssl")}


@pytest.fixture(scope="module", autouse=True, name="certificates")
def fixture_certificates():
    make_authority("ca")
    make_authority("other-ca")
    make_certificate("good", "DNS:localhost,IP:127.0.0.1", "-days", "30")
    make_certificate("elsewhere", "DNS:elsewhere.example", "-days", "30")
    make_certificate("client", "DNS:client.example", "-days", "30")
    shutil.chown(FILES / "client.key", "root", "_sqlmapd")
    (FILES / "client.key").chmod(0o640)
    make_certificate("expired", "DNS:localhost,IP:127.0.0.1", "-days", "-1")
    shutil.copy(FILES / "ca.pem", FILES / "writable.pem")
    (FILES / "writable.pem").chmod(0o666)


@contextlib.contextmanager
def over_tcp(host="127.0.0.1", **settings):
    lines = "".join(f'{key} = "{FILES / value if key.startswith("tls_") else value}"\n' for key, value in settings.items())
    with edited(CONFIG, lambda text: text.replace('name = "accounts"\n', f'name = "accounts"\nservers = ["{host}:3306"]\n{lines}')):
        yield


def let_in(tls, server="127.0.0.1:3306", files=()):
    """What is different where sqlmap is let in over TCP."""
    return [*(f"+ ok files {FILES}/{name}: root's, mode {mode}" for name, mode in files),
            f"+ ok configuration [database]: database accounts on {server}",
            *(f"+ {line}" if " servers " in line else f"+ ok servers {server}: {line}" for line in [
                "sqlmap signs in within TIME", "sqlmap_auth signs in within TIME", "MariaDB VERSION answers within TIME", "can be written", tls,
                "sqlmap may do what it needs, and no more", "sqlmap_auth may do what it needs, and no more"])]


def kept_out(why, of_file=f"+ ok files {FILES}/ca.pem: root's, mode 0644", accounts=("sqlmap", "sqlmap_auth")):
    return [*([of_file] if of_file else []), "+ ok configuration [database]: database accounts on 127.0.0.1:3306",
            *(f"+ error servers 127.0.0.1:3306: {account} cannot sign in: {why}" for account in accounts),
            "+ warning data all: not asked: no server lets us in; mend that first"]


CIPHER = "TLS with TLS_AES_256_GCM_SHA384"
CERTIFICATE = "give the server a certificate that is valid, and for its name, and [database] tls_ca the file of its authority"
STRANGER = f"error 2026: TLS/SSL error: self-signed certificate in certificate chain; {CERTIFICATE}"
OWNER = "missing, or it or a directory above it is not root's alone; mend the file's owner and mode, or [database] tls_ca, tls_cert and tls_key"
NO_TLS = "error 2026: TLS/SSL error: SSL is required, but the server does not support it; " \
         "switch TLS on at the server, with a certificate for its name, or see [database] tls"
CA = [("ca.pem", "0644")]

CASES = {
    "verified by address": ("good", {"tls": "verify", "tls_ca": "ca.pem"}, let_in(f"{CIPHER}, the server is verified", files=CA)),
    "verified by name": ("good", {"host": "localhost", "tls_ca": "ca.pem"},
                         let_in(f"{CIPHER}, the server is verified", "localhost:3306", files=CA)),
    "with a certificate of its own": ("good", {"tls_ca": "ca.pem", "tls_cert": "client.pem", "tls_key": "client.key"},
                                      let_in(f"{CIPHER}, the server is verified", files=[*CA, ("client.pem", "0644"), ("client.key", "0640")])),
    "another name, and only the authority counts": ("elsewhere", {"tls": "verify-ca", "tls_ca": "ca.pem"},
                                                    let_in(f"{CIPHER}, to a server of the authority's, of any name", files=CA)),
    "not verified": ("good", {"tls": "required"}, let_in(
        f'warning servers 127.0.0.1:3306: {CIPHER}, to whoever answers there; write tls = "verify" into [database]')),
    "TLS is off": ("good", {"tls": "off"}, let_in("no TLS, and the connection does not leave this host")),
    "another authority": ("good", {"tls": "verify", "tls_ca": "other-ca.pem"},
                          kept_out(STRANGER, f"+ ok files {FILES}/other-ca.pem: root's, mode 0644")),
    "another authority, and only that counts": ("good", {"tls": "verify-ca", "tls_ca": "other-ca.pem"},
                                                kept_out(STRANGER, f"+ ok files {FILES}/other-ca.pem: root's, mode 0644")),
    "not an authority of the system's": ("good", {"tls": "verify"}, kept_out(STRANGER, None)),
    "another name": ("elsewhere", {"tls": "verify", "tls_ca": "ca.pem"},
                     kept_out(f"error 2026: TLS/SSL error: hostname mismatch; {CERTIFICATE}")),
    "expired": ("expired", {"tls": "verify", "tls_ca": "ca.pem"}, kept_out(f"error 2026: TLS/SSL error: certificate has expired; {CERTIFICATE}")),
    "a server without TLS": ("no TLS", {"tls": "verify", "tls_ca": "ca.pem"}, kept_out(NO_TLS)),
    "a server without TLS, and any would do": ("no TLS", {"tls": "required"}, kept_out(
        "the server offers no TLS; switch TLS on at the server, with a certificate for its name, or see [database] tls", None)),
    "a server without TLS, and TLS is off": ("no TLS", {"tls": "off"}, let_in("no TLS, and the connection does not leave this host")),
    "an authority's file that is not there": ("good", {"tls": "verify", "tls_ca": "nowhere.pem"}, kept_out(
        f"{FILES}/nowhere.pem: {OWNER}", f"+ error files {FILES}/nowhere.pem: is missing; see [database] tls", ["sqlmap"])),
    "an authority's file that everybody can write": ("good", {"tls": "verify", "tls_ca": "writable.pem"}, kept_out(
        f"{FILES}/writable.pem: {OWNER}",
        f"+ error files {FILES}/writable.pem: is not root's alone (uid 0, mode 0666); chmod go-w {FILES}/writable.pem", ["sqlmap"])),
}


@pytest.mark.parametrize("case", CASES)
def test_who_is_verified_is_said_to_be_and_nobody_else_gets_a_password(case, healthy):
    server, settings, expected = CASES[case]
    with SERVERS[server](), over_tcp(**settings):
        after = findings()
    # That queries read few rows is all that a server over TCP lets see of their plans; what sqlmapd says is of its own configuration.
    came = [line for line in difference(healthy, after) if line.startswith("+")]
    assert [line for line in came if area(line[2:]) not in {"queries", "daemon"}] == expected
    shut_out = any("cannot sign in" in line for line in expected)
    assert {line.split(" ")[0] for line in after if area(line) == "queries"} == {"warning" if shut_out else "ok"}
    nowhere_else = {"files", "nsswitch", "pam"}
    assert [line for line in healthy if area(line) in nowhere_else and line not in after] == []


MAY_NOT = "sqlmapd may not read it (mode {}); let it be of the group _sqlmapd, mode 0640, in a directory that all may enter"


@pytest.mark.parametrize("group, mode, why", [
    ("_sqlmapd", 0o600, MAY_NOT.format("0600")), ("ssl-cert", 0o640, MAY_NOT.format("0640")),
    ("_sqlmapd", 0o644, f"everybody may read the passwords in it (mode 0644); chmod 0640 {FILES}/other.key")])
def test_a_key_that_sqlmapd_may_not_read_or_all_may_is_named_though_root_gets_in_with_it(group, mode, why):
    key = FILES / "other.key"
    shutil.copy(FILES / "client.key", key)
    subprocess.run(["groupadd", "--force", "--system", group], check=True)
    shutil.chown(key, "root", group)
    key.chmod(mode)
    with with_certificate("good"), over_tcp(tls_ca="ca.pem", tls_cert="client.pem", tls_key="other.key"):
        about = [line for line in findings() if str(key) in line]
    assert about == [f"error files {key}: {why}"]


@pytest.mark.parametrize("demand, settings, good", [
    ("SSL", {"tls": "required"}, True), ("SSL", {"tls": "off"}, False),
    ("X509", {"tls_ca": "ca.pem"}, False), ("X509", {"tls_ca": "ca.pem", "tls_cert": "client.pem", "tls_key": "client.key"}, True)])
def test_an_account_that_demands_tls_or_a_certificate_is_let_in_with_it_alone(demand, settings, good):
    with with_certificate("good"), over_tcp(**settings), changed(
            f"ALTER USER sqlmap@'127.0.0.1' REQUIRE {demand}", "ALTER USER sqlmap@'127.0.0.1' REQUIRE NONE"):
        first = next(line for line in findings() if area(line) == "servers")
    assert first == ("ok servers 127.0.0.1:3306: sqlmap signs in within TIME" if good else
                     "error servers 127.0.0.1:3306: sqlmap cannot sign in: error 1045: Access denied for user 'sqlmap'@'127.0.0.1' (using password: "
                     "YES); ALTER USER the password of sqlmap on the server, or mend it in secrets.toml")
