"""doc/operations.md is followed, and what it says of restarts and containers is looked at more closely."""

import subprocess
from pathlib import Path


def test_the_page_says_what_happens(reader):
    reader.follow()
    reader.assert_true()


def test_the_metrics_of_the_alerts_are_there(reader):
    metrics = subprocess.run(["sqlmapctl", "status", "--prometheus"], capture_output=True, text=True, check=True).stdout
    names = ("sqlmap_up", "sqlmap_snapshot_checked_time_seconds", "sqlmap_refresh_ok", "sqlmap_child_crashes_total", "sqlmap_logins_throttled_total")
    assert [name for name in names if name not in reader.text or f"\n{name} " not in f"\n{metrics}"] == []


def test_who_sees_the_directory_in_another_root_knows_the_accounts_there(reader):
    """As the page's container does: mounted read-only, with the host's own libraries."""
    jail = Path("/srv/jail")
    for name in ("usr", "etc", "run/sqlmapd"):
        (jail / name).mkdir(parents=True)
    script = """
        for name in usr etc; do mount --rbind /$name /srv/jail/$name; done
        for name in lib lib64 bin; do ln -s usr/$name /srv/jail/$name; done
        chroot /srv/jail /usr/bin/getent passwd alice && exit 9
        mount --bind /run/sqlmapd /srv/jail/run/sqlmapd && mount -o remount,bind,ro /srv/jail/run/sqlmapd
        chroot /srv/jail /usr/bin/getent passwd alice"""
    seen = subprocess.run(["unshare", "--mount", "bash", "-c", script], capture_output=True, text=True)
    assert (seen.stdout, seen.returncode) == ("alice:x:20000:20000::/srv/people/alice:/bin/bash\n", 0), seen.stderr
