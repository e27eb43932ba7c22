"""sqlmapctl hash and verify: what one makes the other accepts, and what is no match is never taken for one."""

import os
import pty
import resource
import signal
import subprocess

import pytest

from ctl import CONFIG, PASSWORD, ask, run, wait_until

BCRYPT = "$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu"
MD5CRYPT = "$1$saltstri$CVtlMpOHug1.jDUbVpFvB1"
MD5 = "3bfe44aef1d30b28f2f93ee5b2bea4d7"  # of another password
SCHEMES = ask("hash", "--list")


def say(hash_, *arguments, password=PASSWORD, **options):
    return run("verify", "--hash", hash_, "--stdin", *arguments, stdin=password + "\n", **options)


def on_a_terminal(command, answers):
    """What a person sees, and the exit status, who gives one answer to each question."""
    child, screen = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    seen = b""
    for answer in answers:
        while not seen.endswith(b": "):
            seen += os.read(screen, 4096)
        os.write(screen, answer + b"\n")
        seen += os.read(screen, 4096)
    while True:
        try:
            more = os.read(screen, 4096)
        except OSError:  # the terminal is gone
            break
        if not more:
            break
        seen += more
    os.close(screen)
    return seen.decode().replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("scheme", [row for row in SCHEMES if row["new"]], ids=lambda row: row["scheme"])
def test_a_new_hash_is_good_for_a_login(scheme):
    name = scheme["scheme"]
    cost = scheme["cost"]["least"] if scheme["cost"] else 0
    made = ask("hash", "--scheme", name, "--cost", str(cost), "--stdin", stdin=PASSWORD)
    assert list(made) == ["hash", "scheme", "cost", "strength", "shows_scheme"]
    assert (made["scheme"], made["strength"], made["cost"]) == (name, scheme["strength"], cost if scheme["cost"] else None)
    named = [] if made["shows_scheme"] else ["--scheme-column", name]
    refused = scheme["strength"] != "strong"  # by this host's [auth] schemes
    right = ask("verify", "--hash", made["hash"], "--stdin", *named, stdin=PASSWORD, status=2 if refused else 0)
    assert right == {"match": True, "outcome": "match", "scheme": name, "allowed_here": not refused}
    wrong = ask("verify", "--hash", made["hash"], "--stdin", *named, stdin="correct horses", status=2 if refused else 1)
    assert wrong == right | {"match": False, "outcome": "mismatch"}
    if named:
        assert ask("verify", "--hash", made["hash"], "--stdin", stdin=PASSWORD, status=2)["outcome"] == "unknown_scheme"


def test_two_hashes_of_one_password_differ():
    first, second = (run("hash", "--scheme", "sha512crypt", "--stdin", stdin=PASSWORD + "\n").stdout for _ in range(2))
    assert first != second and first.startswith("$6$rounds=100000$") and first.count("\n") == 1


def test_whoever_makes_a_hash_that_logins_refuse_is_told():
    result = run("hash", "--scheme", "md5", "--stdin", stdin="correct\n")
    assert (result.returncode, len(result.stdout)) == (0, 33)
    assert result.stderr == ("This scheme is weak: a login takes it only if [auth] schemes names it.\n"
                             "The hash does not say its scheme: the column `scheme` of its row, or [auth] plain_hash_scheme, has to.\n")


@pytest.mark.parametrize("arguments, password, said", [
    (["--scheme", "des"], "x", "--scheme: des not in {"), (["--scheme", "bcrypt", "--cost", "31"], "x", "cost"),
    (["--cost", "-1"], "x", "--cost"), ([], "", "there is no password on standard input"), ([], "\n", "empty"),
    (["--scheme", "bcrypt"], "x" * 73, "72"), ([], "x\0y", "NUL"), ([], "x" * 5000, "more than 4096 bytes"),
    (["--list"], "", "--stdin")])
def test_what_cannot_be_hashed_is_not(arguments, password, said):
    result = run("hash", "--stdin", *arguments, stdin=password)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_person_types_a_new_password_twice_and_does_not_see_it():
    seen, status = on_a_terminal(["sqlmapctl", "hash", "--scheme", "sha256crypt", "--cost", "6000"], [b"correct horse", b"correct horse"])
    assert status == 0
    assert seen.startswith("Password: \nThe same again: \n$5$rounds=6000$")
    assert "correct" not in seen
    assert on_a_terminal(["sqlmapctl", "hash"], [b"correct horse", b"correct house"]) == (
        "Password: \nThe same again: \nsqlmapctl: the two are not the same: no hash was made\n", 2)


def test_a_password_that_was_typed_gets_into_no_core_file(tmp_path):
    child, screen = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.execvp("sqlmapctl", ["sqlmapctl", "hash"])
    seen = b""
    for prompt, typed in ((b"Password: ", b"correct horse\n"), (b"again: ", b"\x1c")):
        while not seen.endswith(prompt):
            seen += os.read(screen, 4096)
        os.write(screen, typed)
    end = os.waitpid(child, 0)[1]
    os.close(screen)
    assert (os.WTERMSIG(end), os.WCOREDUMP(end), os.listdir(tmp_path)) == (signal.SIGQUIT, False, [])


def test_other_processes_of_the_same_user_do_not_see_its_memory():
    with subprocess.Popen(["sqlmapctl", "hash", "--stdin"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, user=65534, group=65534,
                          extra_groups=[]) as process:
        wait_until(lambda: os.stat(f"/proc/{process.pid}/mem").st_uid == 0)  # prctl(2), PR_SET_DUMPABLE
        process.communicate(b"correct horse\n")
    assert process.returncode == 0


def test_a_person_types_a_password_to_be_verified_once():
    seen, status = on_a_terminal(["sqlmapctl", "verify", "--hash", BCRYPT], [b"correct horse"])
    assert (seen.replace("\033[32m", "").replace("\033[0m", ""), status) == ("Password: \nThe password matches: bcrypt.\n", 0)


@pytest.mark.parametrize("hash_, arguments, status, said", [
    (BCRYPT, [], 0, "The password matches: bcrypt.\n"),
    (BCRYPT.replace("f93o", "f93p"), [], 1, "The password does not match: bcrypt.\n"),
    (MD5CRYPT, [], 2, "The password matches: md5crypt.\n"
                      "Logins on this host would refuse it, whatever the password: [auth] schemes leaves out md5crypt.\n"),
    ("!" + BCRYPT, [], 1, "No password matches: the hash is empty, locked with \"!\" or \"*\", or a placeholder.\n"),
    ("*", [], 1, "No password matches: the hash is empty, locked with \"!\" or \"*\", or a placeholder.\n"),
    ("", [], 1, "No password matches: the hash is empty, locked with \"!\" or \"*\", or a placeholder.\n"),
    (MD5, ["--plain-hash-scheme", "md5"], 2, "The password does not match: md5.\n"
     "Logins on this host would refuse it, whatever the password: [auth] plain_hash_scheme, or the column `scheme` of the row, has to "
     "say what it is.\n"),
    (MD5, ["--scheme-column", "sha1"], 2, "The hash is not of that scheme, or malformed; sqlmapctl hash --list has them all.\n"),
    (BCRYPT.replace("$10$", "$31$"), [], 2,
     "The hash asks for more work than a login may cost: bcrypt. It was not computed, and opens no account.\n"),
    (BCRYPT[:-1], [], 2, "The hash does not say its scheme, or is malformed. Bare hexadecimal digits and 13 characters of DES need "
                         "--plain-hash-scheme, MariaDB's ed25519 needs --scheme-column; sqlmapctl hash --list has them all.\n")])
def test_verify_says_what_it_is(hash_, arguments, status, said):
    result = say(hash_, *arguments)
    assert (result.returncode, result.stdout, result.stderr) == (status, said, "")


def test_an_empty_password_opens_nothing():
    assert say(BCRYPT, password="").returncode == 1


def test_everybody_may_ask_what_this_host_allows():
    answer = ask("verify", "--hash", MD5CRYPT, "--stdin", stdin=PASSWORD, uid=65000, status=2)  # sqlmapd.toml is for all to read
    assert (answer["match"], answer["allowed_here"]) == (True, False)


def test_without_a_configuration_nobody_says_what_this_host_allows():
    text = CONFIG.read_bytes()
    CONFIG.unlink()
    try:
        answer = ask("verify", "--hash", MD5CRYPT, "--stdin", stdin=PASSWORD)
        assert (answer["match"], answer["allowed_here"]) == (True, None)
        result = say(MD5CRYPT)
        assert (result.returncode, result.stdout) == (0, "The password matches: md5crypt.\n")
    finally:
        CONFIG.write_bytes(text)


def test_a_hash_in_a_file_is_not_seen_in_the_list_of_processes(tmp_path):
    file = tmp_path / "hash"
    file.write_text(BCRYPT + "\n", encoding="ascii")
    assert run("verify", "--hash-file", str(file), "--stdin", stdin=PASSWORD).returncode == 0
    file.write_text(BCRYPT + "\n\n", encoding="ascii")
    assert run("verify", "--hash-file", str(file), "--stdin", stdin=PASSWORD).returncode == 2
    file.write_bytes(b"x" * 100000)
    result = run("verify", "--hash-file", str(file), "--stdin", stdin=PASSWORD)
    assert (result.returncode, result.stderr) == (2, f"sqlmapctl: {file}: that is no hash\n")
    result = run("verify", "--hash-file", str(tmp_path / "none"), "--stdin", stdin=PASSWORD)
    assert (result.returncode, result.stderr) == (2, f"sqlmapctl: {tmp_path}/none: No such file or directory\n")


def test_standard_input_is_not_read_for_two_things():
    result = run("verify", "--hash-file", "-", "--stdin", stdin=BCRYPT)
    assert (result.returncode, result.stderr) == (
        2, "sqlmapctl: --hash-file - and --stdin would both read standard input: use one of them\n")


def test_a_hash_from_a_pipe_goes_with_a_password_that_is_typed():
    pipe = f"printf %s '{BCRYPT}' | NO_COLOR=1 sqlmapctl verify --hash-file -"
    assert on_a_terminal(["bash", "-c", pipe], [b"correct horse"]) == ("Password: \nThe password matches: bcrypt.\n", 0)
    assert on_a_terminal(["bash", "-c", pipe], [b"correct house"]) == ("Password: \nThe password does not match: bcrypt.\n", 1)


@pytest.mark.parametrize("arguments", [[], ["--hash", BCRYPT, "--hash-file", "x"]])
def test_verify_needs_one_hash(arguments):
    assert run("verify", "--stdin", *arguments, stdin=PASSWORD).returncode == 2


def test_all_schemes_are_listed_for_people_as_for_programs():
    lines = run("hash", "--list").stdout.splitlines()
    assert lines[0].split("  ")[0] == "SCHEME"
    assert len(lines) == len(SCHEMES) + 1 == len({row["scheme"] for row in SCHEMES}) + 1
    for line, row in zip(lines[1:], SCHEMES):
        assert line.split()[:2] == [row["scheme"], row["strength"]]
        assert line.endswith(row["made_by"]) and row["made_by"]
        assert ("yes" in line.split()) == row["new"]
        if row["cost"]:
            assert f"{row['cost']['least']}, {row['cost']['usual']}, {row['cost']['most']}; {row['cost']['unit']}" in line
