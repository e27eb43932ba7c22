"""What `sqlmapctl check` says of stacks of PAM, and what libpam itself makes of them; and how it ends where they do not."""

import json
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from ctl import CONFIG, PASSWORD, daemon_stopped, run, sql

PAM, VENDOR = Path("/etc/pam.d"), Path("/usr/lib/pam.d")
ACCEPTED, REFUSED = "alice", "carol"  # by the account stage; see accounts.sql
CONTROLS = [
    "required", "requisite", "sufficient", "optional", "ReQuired", "[required]", "[Sufficient]", "default=ignore", "[success=ok]",
    "[success=ok default=die]", "[success=done default=bad]", "[success=reset default=ignore]", "[default=reset]", "[success=bad default=ok]",
    "[acct_expired=ok default=bad]", "[auth_err=ok default=bad]", "[success=ignore default=done]", "[default=ignore]", "[default=bad success=done]",
    "[bogus=ok default=ignore]", "[success=0]", "[ required ]", "[]", "[success={} default=ignore]", "[default={}]",
    "[perm_denied=ignore default={}]", "[success=die default={}]", "[ success = {}  default = ignore ]", "[success=ok auth_err={} default=ignore]",
]
MODULES = ["pam_permit.so", "pam_deny.so", "pam_localuser.so", "pam_sqlmap.so", "[pam_permit.so]", "/lib/x86_64-linux-gnu/security/pam_deny.so"]


def random_lines(chance, at, depth=0):
    """Of a stack of account; what it includes is written into one of the directories."""
    lines = []
    for number in range(chance.randint(0 if depth else 1, 5)):
        draw = chance.random()
        if depth < 3 and draw < 0.25:
            name = f"common-{at}x{number}"
            directory = chance.choice([PAM, PAM, VENDOR])
            (directory / name).write_text(random_lines(chance, f"{at}x{number}", depth + 1))
            written = name if directory == PAM and chance.random() < 0.7 else f"{directory}/{name}"
            lines.append(chance.choice(["account include {}", "account [Substack] {}", "account substack {}", "@include {}"]).format(written))
        elif draw < 0.28:
            lines.append("# account required pam_deny.so \\")
        elif draw < 0.30:
            lines.append("auth requisite pam_env.so")
        elif draw < 0.32:
            lines.append("account required \\\n pam_permit.so")
        elif draw < 0.33:
            lines.append("bogus required pam_permit.so")
        else:
            lines.append(f"account {chance.choice(CONTROLS).format(chance.randint(1, 4))} {chance.choice(MODULES)}")
    return "\n".join(lines) + "\n"


@pytest.fixture(autouse=True)
def fixture_as_it_was():
    """What is written into both directories is taken out again."""
    VENDOR.mkdir(exist_ok=True)
    before = {path for directory in (PAM, VENDOR) for path in directory.iterdir()}
    yield
    for path in {path for directory in (PAM, VENDOR) for path in directory.iterdir()} - before:
        path.unlink()


def said_of(prefix):
    """What is said of each service that is judged and begins so."""
    said = {}
    for finding in json.loads(run("check", "--json").stdout)["findings"]:
        if finding["area"] == "pam" and finding["subject"].startswith(prefix):
            said.setdefault(finding["subject"], []).append(f'{finding["level"]}: {finding["what"]}')
    return said


def lets_in(service, name, operation="acct_mgmt", stdin=""):
    return subprocess.run(["pamtester", service, name, operation], input=stdin, capture_output=True, text=True, timeout=60).returncode == 0


def possible(said, of):
    """The outcomes, by what is said, for somebody whom pam_sqlmap accepts, or refuses."""
    usual = of == "accepts"
    levels = {line.split(":")[0] for line in said if line.endswith(f" whom pam_sqlmap {of}")}
    return {not usual} if "error" in levels else {True, False} if levels else {usual}


def test_check_says_who_gets_in_and_libpam_lets_others_in():
    chance = random.Random(20261122)
    for number in range(400):
        (PAM / f"random{number}").write_text(random_lines(chance, f"random{number}"))
    said = said_of("random")
    with ThreadPoolExecutor(2) as pool:
        accepted = dict(zip(said, pool.map(lambda name: lets_in(name, ACCEPTED), said)))
        refused = dict(zip(said, pool.map(lambda name: lets_in(name, REFUSED), said)))
    wrong, unsure = {}, 0
    for name, lines in said.items():
        first, second = possible(lines, "accepts"), possible(lines, "refuses")
        unsure += len(first) + len(second) - 2
        if accepted[name] not in first or refused[name] not in second:
            files = [PAM / name, *PAM.glob(f"common-{name}x*"), *VENDOR.glob(f"common-{name}x*")]
            wrong[name] = (accepted[name], refused[name], lines, [(str(path), path.read_text()) for path in files])
    assert wrong == {}
    # Some of each, and seldom no answer at all.
    assert len(said) > 100 and unsure < len(said) / 5
    assert {True, False} == set(accepted.values()) == set(refused.values())


def test_what_only_the_vendor_has_is_included_by_its_path_alone():
    (VENDOR / "vendor-rules").write_text("account required pam_permit.so\n")
    for name, good in [("vendor-rules", False), (VENDOR / "vendor-rules", True)]:
        (PAM / "tool").write_text(f"account include {name}\naccount required pam_sqlmap.so\nauth required pam_sqlmap.so\n")
        assert lets_in("tool", ACCEPTED) == good
        assert said_of("tool") == {"tool": ["ok: asks sqlmap in auth, account"] if good else
                                   ["error: includes vendor-rules, which is not there, but /usr/lib/pam.d/vendor-rules"]}


IN_ITSELF = "/etc/pam.d/endless: line 3 includes /etc/pam.d/endless in itself"
TOO_MUCH = "/etc/pam.d/common-. with what it includes has more than 10000 lines"


@pytest.mark.parametrize("lines, why", [("@include endless\n", IN_ITSELF), (4 * "@include common-a\n", TOO_MUCH)], ids=["in itself", "too much"])
def test_a_stack_that_has_no_end_is_neither_called_good_nor_read_without_end(lines, why):
    (PAM / "endless").write_text(f"auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n{lines}")
    for letter, following in zip("abcdefghij", "bcdefghijk"):
        (PAM / f"common-{letter}").write_text(4 * f"@include common-{following}\n")
    (PAM / "common-k").write_text("auth required pam_env.so\n")
    said, = said_of("endless")["endless"]
    assert re.fullmatch(f"error: has no end: {why}", said)
    setup = run("setup", "--yes")
    assert (setup.returncode, setup.stdout) == (3, "")
    assert re.fullmatch(f"sqlmapctl: ({IN_ITSELF}|{TOO_MUCH}): mend that first\n", setup.stderr)


def test_a_file_that_is_too_large_to_be_looked_at_is_said_not_to_be():
    (PAM / "large").write_text("#" * (1 << 20) + "\nauth sufficient pam_permit.so\n@include common-sqlmap\n")
    assert said_of("/etc/pam.d/large") == {"/etc/pam.d/large": ["warning: not looked at: it is larger than 1 MiB"]}


@contextmanager
def hashes_in_shadow():
    """As elsewhere; the views of the sandbox keep them back."""
    select = "SELECT username, password, lstchg, `min`, `max`, warn, inact, expire, 0 AS flag FROM sqlmap_users"
    sql(f"CREATE VIEW shadow_with_hashes AS {select}; GRANT SELECT ON shadow_with_hashes TO sqlmap_auth@localhost")
    columns = "SELECT username, password, lstchg, min, max, warn, inact, expire, flag FROM shadow_with_hashes"
    before = CONFIG.read_text()
    try:
        with daemon_stopped():
            CONFIG.write_text(f'{before}\n[queries]\ngetspent = "{columns}"\ngetspnam = "{columns} WHERE username = :name"\n')
        yield
    finally:
        with daemon_stopped():
            CONFIG.write_text(before)
        sql("DROP VIEW shadow_with_hashes")


def test_pam_unix_lets_in_whom_pam_sqlmap_refuses_where_shadow_has_his_hash():
    """In a stack that check calls good on a host whose views keep the hashes back."""
    (PAM / "lax").write_text("auth sufficient pam_sqlmap.so\nauth required pam_unix.so try_first_pass\naccount required pam_sqlmap.so\n")
    (PAM / "strict").write_text("auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n")
    assert said_of("lax") == {"lax": ["ok: asks sqlmap in auth, account"]}
    with hashes_in_shadow():
        word = f"{PASSWORD}\n"
        assert lets_in("lax", "sven", "authenticate", word) and not lets_in("strict", "sven", "authenticate", word)
        assert said_of("lax") == {"lax": ["warning: in auth, pam_unix.so behind pam_sqlmap may let in whom pam_sqlmap refuses"]}
        assert said_of("strict") == {"strict": ["ok: asks sqlmap in auth, account"]}


def test_where_nobody_asks_sqlmap_check_says_who_gets_in_all_the_same():
    """By stock pam_unix, as libpam shows; and nobody, where shadow has no hashes."""
    word = f"{PASSWORD}\n"
    assert not lets_in("login", "alice", "authenticate", word)
    assert said_of("services") == {"services": ["warning: none asks sqlmap: nobody of the database can log in with a password"]}
    with hashes_in_shadow():
        assert lets_in("login", "alice", "authenticate", word) and lets_in("login", "alice")
        assert said_of("services") == {"services": ["warning: none asks sqlmap: pam_unix lets accounts of the database in by their hashes in "
                                                    "shadow, and [access] does not hold for them"]}
