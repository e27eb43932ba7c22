"""The end of the page."""

from pathlib import Path

from inbox_host import HOMES, SERVICE, SSHD_CONFIG


def test_what_was_set_up_is_taken_back(inbox):
    inbox.follow()
    inbox.assert_true()
    assert "sqlmap" not in Path("/etc/nsswitch.conf").read_text() and not SERVICE.exists() and not SSHD_CONFIG.exists()
    assert (HOMES / "anna/files/hello.txt").read_text() == "Hello\n"
