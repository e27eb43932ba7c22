"""The sandbox's MariaDB, as its administrator sees it."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

VIEWS = Path(__file__).resolve().parents[2] / "sql/views/aegir.sql"


class Database:
    def run(self, statements):
        return subprocess.run(
            ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--batch", "--skip-column-names", "accounts"],
            input=statements, capture_output=True, text=True, check=True).stdout

    def install_views(self):
        self.run(VIEWS.read_text(encoding="utf-8"))

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
