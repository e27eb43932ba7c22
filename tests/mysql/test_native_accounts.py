"""A MySQL whose default method shows the server the password, and database accounts with mysql_native_password, which does not."""

import pytest
from mysql_server import sql
from test_host import SECRET, configured, findings, getent, host, publish, relay, tcp, verdict, PASSWORD  # noqa: F401


@pytest.fixture(scope="module")
def native(host):  # noqa: F811
    assert sql("SELECT @@default_authentication_plugin") == "caching_sha2_password"
    for user, secret in SECRET.items():
        escaped = secret.replace("'", "''")
        sql(f"ALTER USER {user}@'127.0.0.1' IDENTIFIED WITH mysql_native_password BY '{escaped}'")


@pytest.mark.parametrize("tls", ["off", "required"])
def test_the_accounts_method_counts_and_not_the_default_of_a_server_that_nobody_has_verified(native, relay, tls):  # noqa: F811
    with configured(tcp(3307, f'tls = "{tls}"\n')):
        publish()
        assert getent("passwd", "alice").startswith("alice:")
        assert [verdict("alice", PASSWORD), verdict("alice", "wrong")] == [["PAM_SUCCESS"], ["PAM_AUTH_ERR"]]
        assert [line for line in findings("servers") if line.startswith("error")] == []
    assert [secret for secret in SECRET.values() if secret.encode() in relay.sent] == []
