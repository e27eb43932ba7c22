"""Who may log in and who may not, as one table that each server is asked through its own client.

Servers punish a refused login with seconds of delay, so all attempts are made at once, each from an address of its own, and the tests
look at the outcomes.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

import expected

SHOP = "shop.acme.example"
WRONG_PASSWORDS = ("wrong", "", "alice-pw ", "ALICE-PW", "alice-p", "*", "x" * 500)
UNKNOWN_NAMES = ("nobody.example", "Shop.Acme.Example", "SHOP.ACME.EXAMPLE", "acme.example", "_hop.acme.example", "%")

_hosts = itertools.count()


def new_address():
    """One of this host, from which nobody has come yet: sqlmapd slows down those from which many passwords were wrong."""
    network, host = divmod(next(_hosts), 250)
    return f"127.1.{network}.{host + 1}"


def attempt_all(accounts, is_let_in):
    """Every account with the password of everybody, and what must never work: {(name, password): let in?}.

    `is_let_in(name, password)` logs in; it raises if the answer is neither yes nor no.
    """
    attempts = [(name, password) for name in accounts for password in expected.ALL_PASSWORDS]
    attempts += [(SHOP, password) for password in WRONG_PASSWORDS]
    attempts += [(name, "alice-pw") for name in UNKNOWN_NAMES]
    with ThreadPoolExecutor(24) as threads:
        return dict(zip(attempts, threads.map(lambda attempt: is_let_in(*attempt), attempts)))


class LoginTable:
    """Tests over the fixture `outcomes`, which attempt_all made, and the method `is_let_in(server, name, password)`."""

    def test_every_password_opens_exactly_the_sites_of_its_owner(self, outcomes, accounts):
        opened = {attempt for attempt, let_in in outcomes.items() if let_in}
        assert opened == {(account.name, password) for account in accounts.values() for password in account.passwords}

    @pytest.mark.parametrize("password", WRONG_PASSWORDS, ids=lambda password: repr(password)[:20])
    def test_a_wrong_password_is_refused(self, outcomes, password):
        assert outcomes[SHOP, password] is False

    @pytest.mark.parametrize("name", UNKNOWN_NAMES)
    def test_an_unknown_name_is_refused(self, outcomes, name):
        assert outcomes[name, "alice-pw"] is False

    def test_a_blocked_owner_is_refused(self, outcomes):
        assert outcomes["bolt.example", "carol-pw"] is False

    def test_a_disabled_site_is_refused_to_its_active_owner(self, outcomes):
        assert outcomes["old.bolt.example", "dave-pw"] is False

    def test_a_queued_site_is_refused_to_its_active_owner(self, server, database):
        with database.member("alice", "Dora"):
            assert self.is_let_in(server, "dora.example", "alice-pw")
            assert not self.is_let_in(server, expected.QUEUED, "alice-pw")

    def test_an_owner_who_is_blocked_now_is_refused_now(self, server, database):
        with database.blocked("Dave Müller"):
            assert not self.is_let_in(server, "bolt.example", "dave-pw")
        assert self.is_let_in(server, "bolt.example", "dave-pw")
