"""The sandbox's MariaDB, as its administrator sees it."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

from sandbox import MARIADB, hung, mariadb_stopped, pid_in, wait_until

VIEWS = Path(__file__).resolve().parents[2] / "sql/views/aegir.sql"


class Database:
    def __init__(self, mode):
        self.mode = mode

    def run(self, statements):
        return subprocess.run(
            ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--batch", "--skip-column-names", "accounts"],
            input=statements, capture_output=True, text=True, check=True).stdout

    def install_views(self):
        self.run(VIEWS.read_text(encoding="utf-8"))

    def publish(self, *options):
        """What was changed is what every process sees from now on. Without a daemon it always is."""
        if self.mode == "daemon":
            subprocess.run(["sqlmapctl", "refresh", "--wait", *options], check=True, stdout=subprocess.DEVNULL, timeout=60)

    def hung(self):
        return hung(pid_in(MARIADB))

    @contextmanager
    def stopped(self):
        """Ended as by its administrator, and at last started anew."""
        try:
            with mariadb_stopped():
                yield
        finally:
            wait_until(lambda: subprocess.run(["mariadb", "--no-defaults", "--execute", "SELECT 1"], capture_output=True).returncode == 0)

    @contextmanager
    def settings(self, uid, gid, groupname):
        """All sites have this uid, gid and group."""
        self.run(f"CREATE OR REPLACE VIEW nss_settings AS SELECT {uid} AS uid, {gid} AS gid, '{groupname}' AS groupname, "
                 "'' AS frontend, 1 AS show_hostmaster, 'hostmaster' AS owner, '/bin/sh' AS shell, '/bin/false' AS no_shell")
        try:
            yield
        finally:
            self.install_views()
            self.publish("--force")

    @contextmanager
    def renamed(self, site, name):
        """The site is called `name`, and nobody has been told yet."""
        rename = "UPDATE node SET title = '{}' WHERE title = '{}' AND type = 'site'"
        self.run(rename.format(name, site))
        try:
            yield
        finally:
            self.run(rename.format(site, name))
            self.publish()

    @contextmanager
    def created(self, site, like):
        """There is one more site, all of whose rows but the names are those of another."""
        self.run(f"""
            CREATE TEMPORARY TABLE new_node AS SELECT * FROM node WHERE title = '{like}' AND type = 'site';
            CREATE TEMPORARY TABLE new_site AS SELECT s.* FROM hosting_site s JOIN new_node n ON n.vid = s.vid;
            SELECT MAX(nid) + 1, MAX(vid) + 1000 INTO @nid, @vid FROM node;
            UPDATE new_node SET nid = @nid, vid = @vid, title = '{site}';
            UPDATE new_site SET nid = @nid, vid = @vid;
            INSERT INTO hosting_site SELECT * FROM new_site;
            INSERT INTO node SELECT * FROM new_node;""")
        try:
            yield
        finally:
            self.run(f"DELETE n, s FROM node n JOIN hosting_site s ON s.vid = n.vid WHERE n.title = '{site}' AND n.type = 'site'")

    @contextmanager
    def member(self, user, client):
        """Makes the Drupal user `user` a member of the Aegir client with the title `client`."""
        member = (f"user = (SELECT uid FROM users WHERE name = '{user}') "
                  f"AND client = (SELECT nid FROM node WHERE type = 'client' AND title = '{client}')")
        self.run(f"INSERT INTO hosting_client_user (user, client, contact_type) SELECT u.uid, n.nid, '' FROM users u, node n "
                 f"WHERE u.name = '{user}' AND n.type = 'client' AND n.title = '{client}'")
        try:
            yield
        finally:
            self.run(f"DELETE FROM hosting_client_user WHERE {member}")

    @contextmanager
    def blocked(self, user):
        """Blocks the Drupal user `user`."""
        self.run(f"UPDATE users SET status = 0 WHERE name = '{user}'")
        try:
            yield
        finally:
            self.run(f"UPDATE users SET status = 1 WHERE name = '{user}'")
