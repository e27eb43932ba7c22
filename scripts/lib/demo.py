"""The demonstration, inside the sandbox: asks for accounts, logs in, and compares what it sees with what is right."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "tests/system"), str(CHECKOUT / "tests/support")]
sys.dont_write_bytecode = True

import expected  # noqa: E402
from database import Database  # noqa: E402
from servers import PureFtpd, Sshd  # noqa: E402

SHOP = "shop.acme.example"
NEW = "new.acme.example"
OWNERS = {"alice": "alice-pw", "bob": "bob-pw", "erin": "erin-pw"}
SITES = "/var/aegir/platforms/"

# curl(1), EXIT CODES
CURL_ERRORS = {9: "no access", 19: "no such file", 67: "login refused", 78: "no such file", 79: "no such file"}

WIDTHS = (44, 41, 41)
failures = 0


def show(what, right, seen):
    global failures
    good = right == seen
    failures += not good
    print(*(text.ljust(width) for text, width in zip((what, right, seen), WIDTHS)), "ok" if good else "FAILED", flush=True)


def heading(text):
    print(f"\n{text}", flush=True)


def output(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def curl(*arguments):
    """What it printed, or why it did not."""
    result = subprocess.run(["curl", "--silent", "--insecure", "--path-as-is", *map(str, arguments)], capture_output=True, text=True)
    return CURL_ERRORS.get(result.returncode, f"curl: {result.returncode}") if result.returncode else result.stdout


def passwd(name):
    line = output("getent", "passwd", name)
    return line.split(":") if line else None


def uid_of(name):
    row = passwd(name)
    return f"uid {row[2]}" if row else "no account"


def sites_in_the_list(accounts):
    listed = [line.split(":")[0] for line in output("getent", "passwd").splitlines()]
    return f"{len(set(listed) & set(accounts))} sites"


def make_directories(accounts):
    for account in accounts.values():
        home = Path(account.home)
        home.mkdir(parents=True)
        (home / "settings.php").write_text(f"the site {account.name}\n")
        subprocess.run(["chown", "-R", f"{account.name}:aegir", home], check=True)
        home.chmod(0o750)


def show_names(accounts):
    heading("Who is an account: the programs of the system ask, sqlmapd answers")
    row = passwd(SHOP) or ["-"] * 7
    show(f"getent passwd {SHOP}", "uid 10000, gid 10000, shell /bin/true", f"uid {row[2]}, gid {row[3]}, shell {row[6]}")
    show(f"  its home, in {SITES}", accounts[SHOP].home.removeprefix(SITES), row[5].removeprefix(SITES))
    show("getent passwd Shop.Acme.Example", "no account", uid_of("Shop.Acme.Example"))
    show("getent passwd: the sites in the list", "8 sites", sites_in_the_list(accounts))
    show("getent group aegir", "aegir:x:10000:", output("getent", "group", "aegir"))
    show(f"id {SHOP}", "uid=10000(bolt.example) gid=10000(aegir)", output("id", SHOP).partition(" groups=")[0])
    listing = output("ls", "-l", accounts[SHOP].home).splitlines()[-1].split()
    show("ls -l of its directory", "bolt.example aegir settings.php", " ".join((*listing[2:4], listing[-1])))
    print("  (all sites have one uid, as Aegir wants it; the shortest name, bolt.example, stands for it)")


def show_daemon(database):
    heading("sqlmapd: it has read the database once for all programs, and looks again for a name that is new")
    status = json.loads(output("sqlmapctl", "status", "--json"))
    show("sqlmapctl status", "8 users, 1 group", f"{status.get('users')} users, {status.get('groups')} group")
    with database.created(NEW, like=SHOP):
        show(f"a new site: getent passwd {NEW}", "uid 10000", uid_of(NEW))
    database.publish()
    show("  deleted; after sqlmapctl refresh --wait", "no account", uid_of(NEW))


def show_outage(accounts, database, url):
    login = ("--user", "corp.example:erin-pw", "--list-only", url)
    heading("MariaDB is stopped")
    with database.stopped():
        show(f"getent passwd {SHOP}", "uid 10000", uid_of(SHOP))
        show("getent passwd: the sites in the list", "8 sites", sites_in_the_list(accounts))
        show("FTP: corp.example with the right password", "login refused", curl(*login))
    show("  the same when MariaDB runs again", "settings.php", " ".join(name for name in curl(*login).split() if name.strip(".")))


def show_uploads(accounts, protocol, url, page):
    for owner, password in OWNERS.items():
        name = f"{protocol}-{owner}.php".lower()
        answer = curl("--user", f"{SHOP}:{password}", "--upload-file", page, f"{url}{name}")
        file = Path(accounts[SHOP].home) / name
        seen = output("stat", "-c", "%A %U %G", file) if file.exists() and file.read_bytes() == page.read_bytes() else answer
        show(f"{protocol} upload to {SHOP} by {owner}", "-rw-r----- bolt.example aegir", seen or "no file")


def show_refusals(protocol, url):
    for what, name, password in (
            ("a wrong password", SHOP, "wrong"),
            ("carol of bolt.example, who is blocked", "bolt.example", "carol-pw"),
            ("dave of old.bolt.example, disabled", "old.bolt.example", "dave-pw")):
        answer = curl("--user", f"{name}:{password}", url)
        show(f"{protocol}: {what}", "login refused", answer if answer == "login refused" else "login accepted")
    answer = curl("--user", "bolt.example:dave-pw", "--list-only", url)
    show(f"{protocol}: dave of bolt.example", "settings.php", " ".join(name for name in answer.split() if name.strip(".")))


def show_fence(protocol, root, site):
    """`root` is the URL of the server's top directory, `site` that of the site in it."""
    login = ("--user", "www.acme.example:alice-pw")
    for what, url in (("/", root), ("../../..", f"{site}../../../")):
        names = sorted(name for name in curl(*login, "--list-only", url).split() if name.strip("."))
        show(f"{protocol}: what {what} holds", "settings.php" if root == site else "site", " ".join(names))
    for path in ("../../../../etc/passwd", f"../{SHOP}/settings.php"):
        answer = curl(*login, f"{site}{path}")
        show(f"{protocol}: get {path}", "refused", "refused" if answer in CURL_ERRORS.values() else f"got {answer[:20]!r}")


def main():
    accounts = expected.accounts(3)
    make_directories(accounts)
    print("sqlmap: accounts from an Aegir 3 database, in a throw-away copy of this system\n")
    print(*(text.ljust(width) for text, width in zip(("what", "expected", "seen"), WIDTHS)))
    database = Database("daemon")
    show_names(accounts)
    show_daemon(database)
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "page.php"
        page.write_text("<?php // a new page\n")
        with PureFtpd(directory):
            heading("FTP through Pure-FTPd: each of the site's three owners has a password of their own")
            show_uploads(accounts, "FTP", "ftp://127.0.0.1/", page)
            show_refusals("FTP", "ftp://127.0.0.1/")
            show_fence("FTP", "ftp://127.0.0.1/", "ftp://127.0.0.1/")
            show_outage(accounts, database, "ftp://127.0.0.1/")
        with Sshd(directory, accounts):
            heading("SFTP through OpenSSH")
            show_uploads(accounts, "SFTP", "sftp://127.0.0.1/site/", page)
            show_refusals("SFTP", "sftp://127.0.0.1/site/")
            show_fence("SFTP", "sftp://127.0.0.1/", "sftp://127.0.0.1/site/")
    print(f"\n{failures} of the lines above FAILED" if failures else "\nEverything is as expected.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
