"""Installing, removing, installing again and purging, on a host that people log in to."""

import os
import pwd
import re
import stat
from pathlib import Path

import pytest

from packages import ALL, checked, gets_in, includers_added, local_people_get_in, run

README = Path(__file__).resolve().parents[2] / "README.md"
NSSWITCH = Path("/etc/nsswitch.conf")
COMMON = [Path("/etc/pam.d") / f"common-{name}" for name in ("auth", "account", "password", "session", "session-noninteractive")]
INCLUDED = Path("/etc/pam.d/common-sqlmap")
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
    Path("/etc/pam.d/login").write_text(text)
    INCLUDED.unlink(missing_ok=True)


@pytest.fixture(params=["", "/etc/pam.d/"], ids=["by name", "by path"])
def including_among_others(request, including):
    """Beside files in which nothing can be looked for."""
    service, pam_conf = Path("/etc/pam.d") / including, Path("/etc/pam.conf").read_text()
    service.write_text(service.read_text().replace("@include common-sqlmap", f"@include {request.param}common-sqlmap"))
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
    getattr(packages, farewell)("libpam-sqlmap")
    assert local_people_get_in(including_among_others)
    assert not gets_in(including_among_others, "local", password="wrong horse")


def test_a_file_that_was_kept_for_a_service_is_no_question_when_it_is_installed_again(packages, including):
    packages.install("libpam-sqlmap")
    text = INCLUDED.read_text()
    packages.purge("libpam-sqlmap")
    packages.install("libpam-sqlmap")
    assert INCLUDED.read_text() == text


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
