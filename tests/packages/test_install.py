"""Installing, removing, installing again and purging, on a host that people log in to."""

import grp
import os
import pwd
import re
import stat
from pathlib import Path

import pytest

from packages import ALL, checked, gets_in, includers_added, local_people_get_in, run

PROJECT = Path(__file__).resolve().parents[2]
README = PROJECT / "README.md"
NSSWITCH = Path("/etc/nsswitch.conf")
COMMON = [Path("/etc/pam.d") / f"common-{name}" for name in ("auth", "account", "password", "session", "session-noninteractive")]
INCLUDED = Path("/etc/pam.d/common-sqlmap")
LOGIN = Path("/etc/pam.d/login")
# What dpkg, debconf and useradd write down about any package.
BOOKKEEPING = ("/var/lib/dpkg", "/var/cache", "/var/log", "/var/lib/systemd/deb-systemd-helper-enabled", "/var/lib/mysql", "/run/mysqld",
               "/var/lib/pam/seen", "/etc/ld.so.cache")
USER_FILES = {"/etc/passwd", "/etc/passwd-", "/etc/shadow", "/etc/shadow-", "/etc/group", "/etc/group-", "/etc/gshadow", "/etc/gshadow-",
              "/etc/.pwd.lock"}


def host_files():
    """What is in the directories that packages write to, and what it says."""
    found = {}
    for top in ("/etc", "/run", "/var"):
        for directory, names, files in os.walk(top):
            names[:] = [name for name in names if not f"{directory}/{name}".startswith(BOOKKEEPING)]
            for path in [directory, *(f"{directory}/{name}" for name in files)]:
                if path.startswith(BOOKKEEPING):
                    continue
                status = os.lstat(path)
                text = Path(path).read_bytes() if stat.S_ISREG(status.st_mode) else os.path.islink(path) and os.readlink(path)
                found[path] = (oct(status.st_mode), status.st_uid, status.st_gid, text)
    return found


def test_an_image_that_leaves_documentation_out_has_the_examples_when_they_are_asked_for(packages):
    rule = Path("/etc/dpkg/dpkg.cfg.d/no-documentation")
    example = Path("/usr/share/doc/sqlmapd/examples/sqlmapd.toml")
    rule.write_text("path-exclude /usr/share/doc/*\n")
    try:
        packages.install("sqlmapd")
        assert not example.exists()
        packages.install("sqlmapd", options=["--path-include=/usr/share/doc/sqlmapd/*"])  # doc/troubleshooting.md
        assert example.exists()
    finally:
        rule.unlink()


def test_each_link_of_an_installed_page_leads_to_something_that_is_installed(packages):
    packages.install("sqlmapd")
    links = [(page, target) for page in Path("/usr/share/doc/sqlmapd").rglob("*.md")
             for target in re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))]
    assert len(links) > 50
    assert [(str(page), target) for page, target in links if not (page.parent / target).exists()] == []


@pytest.fixture
def nsswitch():
    """Writes the file; it is as before at last."""
    text = NSSWITCH.read_text()
    yield NSSWITCH.write_text
    NSSWITCH.write_text(text)


def test_the_modules_bring_no_library_into_every_process_of_the_host(packages):
    """libpam-runtime is libpam's own pam-auth-update and base files."""
    assert packages.depends("libnss-sqlmap") == {"libc6"}
    assert packages.depends("libpam-sqlmap") == {"libc6", "libpam0g", "libpam-runtime"}


@pytest.mark.parametrize("name", ALL)
def test_the_readme_says_of_each_package_what_dpkg_says(packages, name):
    """Sizes within a tenth: another compiler makes other files."""
    table = README.read_text(encoding="utf-8").replace("\\|", "or")
    deb, installed, depends = re.search(rf"(?m)^\| `{name}` \|.*\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", table).groups()
    assert depends == packages.field(name, "Depends").replace("|", "or")
    assert in_bytes(deb) == pytest.approx(packages.file(name).stat().st_size, rel=0.1)
    assert in_bytes(installed) == pytest.approx(1024 * int(packages.field(name, "Installed-Size")), rel=0.1)


def in_bytes(size):
    number, unit = size.split()
    return float(number) * {"KiB": 1024, "MiB": 1024 * 1024}[unit]


@pytest.mark.parametrize("name", ["libnss-sqlmap", "libpam-sqlmap", "libsqlmap-direct"])
def test_a_host_with_programs_of_two_architectures_can_have_the_modules_of_both(packages, name):
    """dpkg refuses it if they share a path that differs."""
    assert packages.field(name, "Multi-Arch") == "same"
    triplet = checked("dpkg-architecture", "--query", "DEB_HOST_MULTIARCH").strip()
    binaries = [path for path in packages.contents(name) if ".so" in path]
    assert binaries and all(path.startswith(f"/usr/lib/{triplet}/") for path in binaries)


@pytest.mark.parametrize("name", ALL)
def test_a_core_of_what_is_installed_can_be_read_with_the_symbols_that_were_built_with_it(packages, name, tmp_path):
    checked("dpkg-deb", "--extract", packages.file(name), tmp_path)
    binaries = [file for file in tmp_path.rglob("*") if file.is_file() and not file.is_symlink() and file.read_bytes()[:4] == b"\x7fELF"]
    assert binaries
    identities = [re.search(r"Build ID: ([0-9a-f]+)", checked("readelf", "--notes", file))[1] for file in binaries]
    symbols = packages.contents(f"{name}-dbgsym")
    assert [identity for identity in identities if f"/usr/lib/debug/.build-id/{identity[:2]}/{identity[2:]}.debug" not in symbols] == []


@pytest.mark.parametrize("name", ["libnss-sqlmap", "libpam-sqlmap"])
def test_each_module_can_be_had_alone(packages, name):
    packages.install(name)
    assert local_people_get_in("login")
    assert run("getent", "passwd", "nobody-of-this-name").returncode == 2


def test_no_package_has_a_file_of_another(packages):
    owners = [path for name in ALL for path in packages.contents(name)]
    assert len(owners) == len(set(owners))


def test_what_is_not_configured_does_not_run_and_lets_local_people_in(packages):
    packages.install(*ALL)
    assert run("systemctl", "--root=/", "is-enabled", "sqlmapd.service").stdout.strip() == "disabled"
    assert pwd.getpwnam("_sqlmapd").pw_shell == "/usr/sbin/nologin"
    assert local_people_get_in("login") and gets_in("su", "local")
    assert not gets_in("login", "local", password="wrong horse")


def test_a_host_on_which_nobody_has_set_sqlmap_up_makes_users_without_a_warning(packages, nsswitch):
    """From systemd 255 on it would make none: every package's user would be missing."""
    nsswitch("passwd: files\ngroup: files\nshadow: files\n")
    packages.install("libnss-sqlmap")
    assert NSSWITCH.read_text().startswith("passwd: files sqlmap\n") and not Path("/etc/sqlmapd/sqlmapd.toml").exists()
    made = run("systemd-sysusers", "-", input="u newcomer -\n")
    run("userdel", "newcomer")
    assert re.fullmatch(r"Creating group 'newcomer' with GID \d+\.\nCreating user 'newcomer' \(n/a\) with UID \d+ and GID \d+\.\n",
                        made.stdout + made.stderr)


@pytest.fixture(params=["systemd 252", "systemd 255", "systemd 255, after the group"])
def sysusers(request):
    """What it does where NSS cannot say whether a name is taken: that of 255 leaves the user out, without a failure."""
    program = "/usr/bin/systemd-sysusers"
    if request.param.endswith("group"):
        checked("groupadd", "--system", "--gid", "899", "_sqlmapd")
    if request.param != "systemd 252":
        checked("mount", "--bind", "/bin/true", program)
    yield
    if request.param != "systemd 252":
        checked("umount", program)


@pytest.fixture
def without_the_user_of_the_daemon():
    run("userdel", "_sqlmapd")


def test_the_user_of_the_daemon_has_no_id_that_another_service_of_nsswitch_has_given_away(
        packages, nsswitch, without_the_user_of_the_daemon, sysusers):
    """Nor is anybody told that libnss-sqlmap, which may be there first, with its configuration, cannot say."""
    taken = [f"taken{uid}:x:{uid}:{{}}\n" for uid in range(900, 1000)]
    others = Path("/var/lib/extrausers")
    (others / "passwd").write_text("".join(line.format("900::/:/bin/sh") for line in taken))
    (others / "group").write_text("".join(line.format("") for line in taken))
    nsswitch("passwd: files extrausers\ngroup: files extrausers\n")
    configuration = Path("/etc/sqlmapd/sqlmapd.toml")
    try:
        configuration.parent.mkdir(exist_ok=True)
        configuration.touch()
        packages.install("libnss-sqlmap")
        nsswitch("passwd: files extrausers sqlmap\ngroup: files extrausers sqlmap\n")
        said = packages.install("sqlmapd")
    finally:
        configuration.unlink(missing_ok=True)
        for name in ("passwd", "group"):
            (others / name).unlink()
    assert 100 <= int(checked("id", "--user", "_sqlmapd")) < 900
    made = pwd.getpwnam("_sqlmapd")
    assert grp.getgrgid(made.pw_gid).gr_name == "_sqlmapd"
    assert (made.pw_gecos, made.pw_dir, made.pw_shell) == ("sqlmap daemon", "/nonexistent", "/usr/sbin/nologin")
    assert "nexpected" not in said and "not supported" not in said


@pytest.mark.parametrize("before, after", [
    ("passwd:         files\n", "passwd:         files sqlmap\n"),
    ("passwd:         files systemd\n", "passwd:         files sqlmap systemd\n"),
    ("passwd: files [NOTFOUND=continue] systemd\n", "passwd: files [NOTFOUND=continue] sqlmap systemd\n"),
    ("passwd:\tfiles ldap # since 2019\n", "passwd:\tfiles sqlmap ldap # since 2019\n"),
    ("# passwd: files\nhosts: files dns\n", "# passwd: files\nhosts: files dns\n"),
])
def test_nsswitch_has_sqlmap_behind_files_and_is_as_before_once_it_is_removed(packages, nsswitch, before, after):
    nsswitch(before)
    packages.install("libnss-sqlmap")
    assert NSSWITCH.read_text() == after
    packages.remove("libnss-sqlmap")
    assert NSSWITCH.read_text() == before


@pytest.mark.parametrize("line, silent", [
    ("passwd: compat\n", False),
    ("passwd:files\n", False),
    ("", False),
    ("passwd: files\n", True),
    ("passwd: compat sqlmap\n", True),
])
def test_where_sqlmap_has_no_place_in_nsswitch_the_installation_says_so(packages, nsswitch, line, silent):
    nsswitch(line + "group: files\nshadow: files\n")
    said = packages.install("libnss-sqlmap")
    assert ("no sqlmap in the lines of passwd," in said) is not silent
    assert silent or NSSWITCH.read_text().startswith(line)


@pytest.mark.parametrize("line, silent", [
    ("group: files [SUCCESS=merge] systemd\n", False),
    ("group: files [NOTFOUND=return]\n", False),
    ("group: files [NOTFOUND=continue] systemd\n", True),
    ("group: files [SUCCESS=merge] sqlmap [SUCCESS=merge] systemd\n", True),
])
def test_where_an_action_of_nsswitch_has_come_to_mean_sqlmap_the_installation_says_so(packages, nsswitch, line, silent):
    nsswitch("passwd: files\n" + line + "shadow: files\n")
    said = packages.install("libnss-sqlmap")
    assert ("an [action] in the lines of group." in said) is not silent


@pytest.mark.parametrize("before, after", [
    ("passwd: files sqlmap [NOTFOUND=continue UNAVAIL=return] systemd\n", "passwd: files systemd\n"),
    ("passwd: files sqlmap [ NOTFOUND=return ] # sqlmap [ NOTFOUND=return ]\n", "passwd: files # sqlmap [ NOTFOUND=return ]\n"),
    ("group: files [SUCCESS=merge] sqlmap [SUCCESS=merge] systemd\n", "group: files [SUCCESS=merge] systemd\n"),
    ("shadow:\tfiles sqlmap[!UNAVAIL=return]\n", "shadow:\tfiles\n"),
])
def test_no_action_that_stood_behind_sqlmap_is_that_of_the_service_in_front_once_it_is_removed(packages, nsswitch, before, after):
    nsswitch(before)
    packages.install("libnss-sqlmap")
    packages.remove("libnss-sqlmap")
    assert NSSWITCH.read_text() == after


def test_a_host_without_nsswitch_has_nothing_of_it_after_a_purge(packages, nsswitch):
    NSSWITCH.unlink()
    packages.install("libnss-sqlmap")
    packages.purge("libnss-sqlmap")
    assert not list(Path("/etc").glob("nsswitch.conf*"))


def test_nsswitch_has_all_three_databases(packages, nsswitch):
    nsswitch("passwd: files\ngroup: files\nshadow: files\ngshadow: files\n")
    packages.install("libnss-sqlmap")
    assert NSSWITCH.read_text() == "passwd: files sqlmap\ngroup: files sqlmap\nshadow: files sqlmap\ngshadow: files\n"


def test_where_the_administrator_has_put_sqlmap_it_stays(packages, nsswitch):
    text = "passwd: files ldap sqlmap [NOTFOUND=return] systemd\ngroup: files\nshadow: files\n"
    nsswitch(text)
    packages.install("libnss-sqlmap")
    assert NSSWITCH.read_text() == text


def test_what_the_administrator_took_out_of_nsswitch_is_not_put_back(packages, nsswitch):
    nsswitch("passwd: files\ngroup: files\nshadow: files\n")
    packages.install("libnss-sqlmap")
    text = "passwd: files sqlmap\ngroup: files\nshadow: files\n"
    nsswitch(text)
    packages.install("libnss-sqlmap")
    assert NSSWITCH.read_text() == text


def test_removed_and_installed_again_it_works_again(packages, nsswitch):
    nsswitch("passwd: files\n")
    for _ in range(2):
        packages.install("libnss-sqlmap")
        assert NSSWITCH.read_text() == "passwd: files sqlmap\n"
        packages.remove("libnss-sqlmap")


def test_no_service_asks_for_passwords_unless_it_is_told_to(packages):
    before = [file.read_text() for file in COMMON]
    packages.install("libpam-sqlmap")
    assert [file.read_text() for file in COMMON] == before


def test_a_profile_that_was_switched_on_stays_so_and_goes_with_the_module(packages):
    before = [file.read_text() for file in COMMON]
    packages.install("libpam-sqlmap")
    checked("pam-auth-update", "--enable", "sqlmap", "sqlmap-password", "--package")
    enabled = [file.read_text() for file in COMMON]
    assert all("pam_sqlmap.so" in text for text in enabled)
    assert local_people_get_in("login")
    packages.install("libpam-sqlmap")
    assert [file.read_text() for file in COMMON] == enabled
    packages.remove("libpam-sqlmap")
    assert [file.read_text() for file in COMMON] == before
    assert local_people_get_in("login")


@pytest.fixture
def including():
    """A service whose administrator has it ask sqlmap."""
    text = includers_added("login")
    yield "login"
    LOGIN.write_text(text)
    INCLUDED.unlink(missing_ok=True)


@pytest.fixture(params=["@include common-sqlmap", "@include /etc/pam.d/common-sqlmap", "auth include \\\n    common-sqlmap"],
                ids=["by name", "by path", "on a line of its own"])
def including_among_others(request, including):
    """Beside files in which nothing can be looked for."""
    pam_conf = Path("/etc/pam.conf").read_text()
    LOGIN.write_text(LOGIN.read_text().replace("@include common-sqlmap", request.param))
    old, link = Path("/etc/pam.d/old"), Path("/etc/pam.d/link")
    old.mkdir()
    link.symlink_to("/nowhere")
    Path("/etc/pam.conf").unlink()
    yield including
    Path("/etc/pam.conf").write_text(pam_conf)
    link.unlink()
    old.rmdir()


@pytest.mark.parametrize("farewell", ["remove", "purge"])
def test_a_service_that_still_includes_our_file_lets_local_people_in_without_the_module(packages, including_among_others, farewell):
    """libpam lets nobody in where an included file is missing."""
    packages.install("libpam-sqlmap")
    assert local_people_get_in(including_among_others)
    said = getattr(packages, farewell)("libpam-sqlmap")
    assert re.search(rf"still include common-sqlmap,.*:\n{LOGIN}\n", said)
    assert local_people_get_in(including_among_others)
    assert not gets_in(including_among_others, "local", password="wrong horse")


@pytest.fixture
def little_room():
    """/etc/pam.d on a disk of its own."""
    checked("sh", "-euc", "cp -a /etc/pam.d /run/copy && mount -t tmpfs -o size=1m pam.d /etc/pam.d && cp -a /run/copy/. /etc/pam.d")
    yield
    checked("sh", "-euc", "umount /etc/pam.d && rm -r /run/copy")


def test_a_purge_on_a_full_disk_keeps_nobody_out(packages, including, little_room):
    packages.install("libpam-sqlmap")
    packages.remove("libpam-sqlmap")
    INCLUDED.with_name("copy").hardlink_to(INCLUDED)  # so that what dpkg deletes makes no room
    with pytest.raises(OSError, match="No space"):
        Path("/etc/pam.d/everything-else").write_bytes(bytes(1 << 20))
    packages.purge("libpam-sqlmap")
    assert local_people_get_in(including)


def test_a_removal_that_concerns_no_service_warns_of_none(packages):
    packages.install("libpam-sqlmap")
    assert "still" not in packages.remove("libpam-sqlmap")


@pytest.mark.parametrize("page, above", [
    ("doc/pam.md", "## Switching it on"),
    ("doc/pam.md", "## Sessions"),
    ("doc/man/pam_sqlmap.8.scd", "Homes for the people of an inbox"),
])
def test_who_has_copied_the_lines_of_a_page_gets_in_without_the_module(packages, page, above):
    lines = (PROJECT / page).read_text(encoding="utf-8").partition(above)[2].split("```\n")[1].replace("\\\\\n", "\\\n")
    assert "pam_sqlmap.so" in lines
    before = LOGIN.read_text()
    packages.install("libpam-sqlmap")
    try:
        # In front of all others, or, where there are none for auth, the last ones.
        LOGIN.write_text(f"{lines}{before}" if "auth " in lines else f"{before}\n{lines}")
        assert local_people_get_in("login")
        said = packages.remove("libpam-sqlmap")
        assert re.search(rf"still ask pam_sqlmap.so,.*:\n{LOGIN}\n", said)
        assert local_people_get_in("login")
        assert not gets_in("login", "local", password="wrong horse")
    finally:
        LOGIN.write_text(before)


def test_a_file_that_was_kept_for_a_service_is_no_question_when_it_is_installed_again(packages, including):
    packages.install("libpam-sqlmap")
    text = INCLUDED.read_text()
    packages.purge("libpam-sqlmap")
    packages.install("libpam-sqlmap")
    assert INCLUDED.read_text() == text
    packages.remove("libpam-sqlmap")
    packages.install("libpam-sqlmap")
    assert list(INCLUDED.parent.glob("common-sqlmap*")) == [INCLUDED]


def test_an_image_that_is_made_from_outside_leaves_the_host_alone_that_makes_it(packages, tmp_path):
    """What dpkg runs there has no other root directory, but DPKG_ROOT."""
    packages.install("libpam-sqlmap")
    checked("pam-auth-update", "--enable", "sqlmap", "--package")
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").touch()
    files = "etc usr/share/pam-configs var/cache/debconf var/lib/pam var/lib/dpkg/info/libpam-runtime.*"
    checked("sh", "-euc", f'cd / && tar -c {files} | tar -x -C "$0"', tmp_path)
    from_outside = [f"--root={tmp_path}", "--force-script-chrootless", "--force-depends"]
    before = host_files()
    packages.install(*ALL, options=from_outside)
    packages.purge(*ALL, options=from_outside)
    assert host_files() == before
    assert all(("pam_sqlmap.so" in file.read_text(), "pam_sqlmap.so" in (tmp_path / file.relative_to("/")).read_text()) == (True, False)
               for file in COMMON if file.name != "common-password")


def test_what_the_administrator_changed_in_our_file_is_kept(packages):
    packages.install("libpam-sqlmap")
    INCLUDED.write_text(INCLUDED.read_text() + "# here we added a line\n")
    packages.install("libpam-sqlmap")
    packages.remove("libpam-sqlmap")
    packages.install("libpam-sqlmap")
    assert INCLUDED.read_text().endswith("# here we added a line\n")


def test_a_purge_leaves_the_user_of_the_daemon_and_nothing_else(packages):
    packages.install(*ALL)  # a first time, for what others write down about it
    packages.purge(*ALL)
    before = host_files()
    packages.install(*ALL)
    Path("/etc/sqlmapd/sqlmapd.toml").write_text('[database]\nname = "accounts"\n')
    Path("/var/lib/sqlmapd/snapshot").write_text("")
    Path("/run/sqlmapctl-setup/debconf").mkdir(parents=True)
    packages.purge(*ALL)
    after = host_files()
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} <= USER_FILES


@pytest.mark.parametrize("order", [("sqlmapd", "libsqlmap-direct"), ("libsqlmap-direct", "sqlmapd")], ids=" ".join)
def test_passwords_of_the_database_are_gone_with_the_last_package_that_had_use_for_them(packages, order):
    first, last = order
    packages.install(*ALL)
    secrets = Path("/etc/sqlmapd/secrets.toml")
    secrets.write_text('[database]\npassword = "one"\n')
    packages.purge(first)
    assert secrets.exists()
    packages.purge(last)
    assert not secrets.parent.exists()


def test_direct_mode_keeps_its_configuration_when_the_daemon_is_purged(packages):
    packages.install(*ALL)
    configuration = Path("/etc/sqlmapd/sqlmapd.toml")
    configuration.write_text('[database]\nname = "accounts"\n')
    packages.purge("sqlmapd")
    assert configuration.exists()
    packages.install("sqlmapd")
