"""Programs that change to an account: su, runuser, setpriv, login and cron."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

import expected
from sandbox import wait_until
from system_log import Syslog

SHOP = "shop.acme.example"
IDENTITY = f"uid={expected.UID}({expected.NAME_OF_UID}) gid={expected.GID}({expected.GROUP}) groups={expected.GID}({expected.GROUP})"


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def test_root_becomes_a_site_with_su(accounts):
    result = run("su", "--login", "--shell", "/bin/sh", "--command", "id; pwd; echo $USER", SHOP)
    assert result.stdout.splitlines() == [IDENTITY, accounts[SHOP].home, SHOP]
    assert result.returncode == 0


def test_su_runs_the_shell_of_the_row(accounts):
    assert run("su", SHOP).returncode == 0
    assert run("su", SHOP, "--command", "id").stdout == ""


def test_su_refuses_root_a_disabled_site_and_unknown_names(accounts):
    disabled = run("su", "--shell", "/bin/sh", "--command", "id", "old.bolt.example")
    assert (disabled.returncode, disabled.stdout) == (1, "")
    assert "expired" in disabled.stderr
    for name in ("nobody.example", "Shop.Acme.Example"):
        unknown = run("su", "--shell", "/bin/sh", "--command", "id", name)
        assert (unknown.returncode, unknown.stdout) == (1, "")
        assert "does not exist" in unknown.stderr


def test_setpriv_and_runuser_take_the_groups_of_a_site(accounts):
    assert run("setpriv", "--reuid", SHOP, "--regid", expected.GROUP, "--init-groups", "id").stdout == f"{IDENTITY}\n"
    assert run("runuser", "-u", SHOP, "--", "id").stdout == f"{IDENTITY}\n"


EXPECT = """
set timeout 30
spawn login
expect "login:" {{ send "{name}\\r" }}
expect "assword:" {{ send "{password}\\r" }}
expect {{
  "TheShellRan" {{ expect eof; exit 0 }}
  "ncorrect" {{ exit 3 }}
  "expired" {{ exit 4 }}
  timeout {{ exit 5 }}
  eof {{ exit 6 }}
}}
"""
LOGGED_IN, INCORRECT = 0, 3


def login(name, password):
    return run("expect", "-c", EXPECT.format(name=name, password=password))


@pytest.mark.parametrize("password", ["alice-pw", "bob-pw", "erin-pw"])
def test_each_owner_logs_in_at_a_terminal(shell_of_sites, accounts, password):
    result = login(SHOP, password)
    assert result.returncode == LOGGED_IN, result.stdout
    assert IDENTITY in result.stdout
    assert accounts[SHOP].home in result.stdout


@pytest.mark.parametrize("name, password", [(SHOP, "dave-pw"), (SHOP, "wrong"), ("bolt.example", "carol-pw"),
                                            ("old.bolt.example", "dave-pw"), ("nobody.example", "alice-pw"),
                                            ("Shop.Acme.Example", "alice-pw")])
def test_nobody_else_logs_in_at_a_terminal(shell_of_sites, name, password):
    result = login(name, password)
    assert result.returncode == INCORRECT, result.stdout
    assert "The" "ShellRan" not in result.stdout


@pytest.fixture
def cron():
    """Starts cron, which runs the jobs `@reboot` at once, and collects what it logs."""
    processes = []
    with Syslog() as syslog:
        def start():
            Path("/run/crond.reboot").unlink(missing_ok=True)
            processes.append(subprocess.Popen(["cron", "-f", "-L", "15"], stdin=subprocess.DEVNULL))
            return syslog

        yield start
        for process in processes:
            process.terminate()
            process.wait(timeout=10)


def test_cron_runs_jobs_of_a_site_and_of_no_disabled_one(cron, accounts):
    table = Path("/etc/cron.d/sites")
    table.write_text("@reboot shop.acme.example id > $HOME/cron.tmp && mv $HOME/cron.tmp $HOME/cron.done\n"
                     "@reboot old.bolt.example touch $HOME/cron.done\n")
    table.chmod(0o644)
    done = Path(accounts[SHOP].home) / "cron.done"
    syslog = cron()
    wait_until(done.exists)
    assert done.read_text() == f"{IDENTITY}\n"
    assert done.stat().st_uid == expected.UID
    syslog.wait_for("old.bolt.example", "expired")
    assert not (Path(accounts["old.bolt.example"].home) / "cron.done").exists()


def test_cron_runs_the_table_of_a_site(cron, accounts):
    table = Path("/var/spool/cron/crontabs/www.acme.example")
    table.write_text("@reboot pwd > table.tmp && mv table.tmp table.done\n")
    os.chown(table, expected.UID, 0)
    table.chmod(stat.S_IRUSR | stat.S_IWUSR)
    home = Path(accounts["www.acme.example"].home)
    cron()
    wait_until((home / "table.done").exists)
    assert (home / "table.done").read_text() == f"{home}\n"


def test_cron_runs_no_job_of_an_unknown_name(cron):
    table = Path("/etc/cron.d/stranger")
    table.write_text("@reboot Shop.Acme.Example touch /tmp/cron.done\n")
    table.chmod(0o644)
    cron().wait_for("bad username", "/etc/cron.d/stranger")
    assert not Path("/tmp/cron.done").exists()
