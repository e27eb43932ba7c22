"""That a page which is not true is not taken for true, that no command of a page is left out, and that each use has all its parts."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from blocks import BLOCK, blocks_of
from page import Reader, Step, bash, is_true, masked, path_of, steps_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
USES = re.findall(r"^sqlmap_scenario\(([a-z0-9-]+)", (HERE / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE)
PAGES = re.findall(r"^sqlmap_page\(([a-z0-9-]+)", (HERE / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE)

PAGE = """# A use

```sh
first
```

Words.

## Here

```
not run
```

```sh on web1
second
## no heading
```

```text
seen
```

<!-- run: third
fourth -->

### There

```toml
key = "not run"
```

```sh
fifth
```
"""


def test_the_steps_of_a_page_are_its_commands_in_their_order():
    steps = steps_of(PAGE)
    assert [(step.heading, step.where, step.script, step.hidden, step.shown) for step in steps] == [
        ("", "", "first\n", False, None), ("Here", "on web1", "second\n## no heading\n", False, "seen\n"),
        ("Here", "", "third\nfourth", True, None), ("There", "", "fifth\n", False, None)]
    assert PAGE[slice(*steps[1].place)] == "seen\n"


def test_an_output_that_belongs_to_no_command_is_not_passed_over():
    with pytest.raises(AssertionError, match="no commands in front"):
        steps_of("```sh\na\n```\nWords.\n```text\nb\n```\n")


@pytest.mark.parametrize("one, other", [
    ("took 0.3 ms", "took 12 ms"), ("SHA256:" + "a" * 43, "SHA256:" + "b" * 43), ("Nov  2 10:36", "Jan 12  2027"), ("sshd[12]: no", "sshd[4711]: no"),
    ("47 ok, 1 warning, 0 errors", "48 ok, 1 warning, 0 errors")])
def test_what_varies_is_no_difference(one, other):
    assert masked(one) == masked(other)


@pytest.mark.parametrize("one, other", [("uid=20001", "uid=20002"), ("-rw-r-----", "-rw-r--r--"), ("exit status 1", "exit status 2"), ("a\n", ""),
    ("9 ok, 1 warning, 0 errors", "9 ok, 2 warnings, 0 errors")])
def test_what_does_not_vary_is_a_difference(one, other):
    assert masked(one) != masked(other)
    assert not is_true(Step("", "", "", shown=one), other)


@pytest.fixture
def a_page(tmp_path, monkeypatch):
    """Makes a page, and a reader of it for whom each command writes its own text but for `fail`."""
    monkeypatch.setattr("page.PAGES", tmp_path)
    monkeypatch.setattr("page.Reader.prepare", lambda self, table: None)

    def make(text):
        (tmp_path / "use.md").write_text(text, encoding="utf-8")
        return Reader("use", run=lambda step: (int(step.script == "fail\n"), step.script))

    return make


def test_a_page_is_followed_as_far_as_it_is_asked_and_told_what_is_not_true(a_page):
    reader = a_page("## A\n\n```sh\none\n```\n\n```text\none\n```\n\n## B\n\n```sh\ntwo\n```\n\n```text\nTwo\n```\n")
    reader.follow(until="B")
    reader.assert_true()
    reader.follow()
    with pytest.raises(AssertionError) as error:
        reader.assert_true()
    assert str(error.value) == "use.md, B:\ntwo\n--- the page shows\nTwo\n--- it wrote\ntwo\n\n"
    reader.write()
    assert reader.path.read_text(encoding="utf-8") == reader.text.replace("Two", "two")


def test_a_command_that_fails_ends_the_walk(a_page):
    reader = a_page("## A\n\n```sh\nfail\n```\n\n```sh\nnever\n```\n")
    with pytest.raises(AssertionError, match="exit status 1 under 'A'"):
        reader.follow()
    assert reader.seen == []


def test_a_heading_that_is_not_there_is_no_reason_to_follow_to_the_end(a_page):
    with pytest.raises(AssertionError, match="no commands under 'C'"):
        a_page("## A\n\n```sh\none\n```\n").follow(until="C")


@pytest.mark.parametrize("name", USES)
def test_a_use_has_all_its_parts(name):
    test = HERE / name / f"test_{name.replace('-', '_')}.py"
    parts = [test, ROOT / f"sql/views/{name}.sql", ROOT / f"conf/{name}", ROOT / f"doc/uses/{name}.md"]
    assert [str(part) for part in parts if not part.exists()] == []


DOCUMENTS = [ROOT / "README.md", ROOT / "conf/README.md", *sorted((ROOT / "doc").rglob("*.md"))]
FOLLOWED = [path_of(name) for name in (*USES, *PAGES)]
# Which blocks are run where they stand, by the word behind their fence, and on which pages: by page.py, by tests/packages, by test_screens.py.
# What is behind `text` has been compared with what the `sh` in front of it wrote.
IN_PLACE = {"sh": FOLLOWED, "text": FOLLOWED, "shell": [ROOT / "README.md", *(ROOT / "doc/uses").glob("*.md")],
            "console": [ROOT / "doc/sqlmapctl.md"]}
# The others, by page and beginning. What a test has by block("PAGE", "BEGINNING") is run by it; of these, the file says so that is named, by what
# stands behind its name.
RUN_BY = {
    ("README.md", "scripts/package\n"): ("tests/packages/CMakeLists.txt", "/scripts/package --next"),
    ("doc/aegir.md", "JOIN node sn "): ("tests/views/test_aegir_settings.py", "(JOIN node sn ON"),
    ("doc/pam.md", "auth "): ("tests/packages/test_install.py", '("doc/pam.md", "## Switching it on")'),
    ("doc/pam.md", "session "): ("tests/packages/test_install.py", '("doc/pam.md", "## Sessions")'),
}
# And these by nobody.
NOT_RUN = {
    ("README.md", "  ls, id, sshd, "): "a picture",
    ("doc/architecture.md", " sshd, vsftpd, "): "a picture",
    ("doc/benchmarks.md", "scripts/bench --peer-nss "): "needs libnss-mysql built from its source, and hours",
    ("doc/operations.md", "docker run "): "needs Docker",
    ("doc/pam.md", "password "): "lines of a PAM file, which those of common-sqlmap are, too",
    ("doc/security.md", "[Service]"): "lines of a unit for systemd",
    ("doc/snapshot-format.md", "a = a' "): "a formula",
    ("doc/snapshot-format.md", "header"): "a picture",
    ("doc/sqlmapctl.md", "* * * * * root "): "a line of a crontab",
    ("doc/sqlmapctl.md", "AuthorizedKeysCommand "): "lines of sshd_config",
    ("doc/troubleshooting.md", "the snapshot could not be written: "): "a line of the system's log",
}


def blocks_that_are_asked_for():
    """(page, beginning) of each block() that a test calls."""
    tests = [test.read_text(encoding="utf-8") for test in (ROOT / "tests").rglob("*.py")]
    return {ast.literal_eval(call) for test in tests for call in re.findall(r'\bblock(\("[^"]+", "(?:[^"\\]|\\.)+"\))', test)}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_block_of_a_page_is_left_out_without_a_reason(page):
    """A command without a label, or with one that nobody looks for, would be followed by nobody but the reader."""
    name, text = str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")
    rest = BLOCK.sub("", text)
    assert "```" not in rest and "~~~" not in rest and not re.search(r"\n\n(?: {4}|\t)", rest), "a block that blocks_of() does not see"
    known = [beginning for where, beginning in {*blocks_that_are_asked_for(), *RUN_BY, *NOT_RUN} if where == name]
    left = []
    for label, content in blocks_of(text):
        if label == "toml":
            tomllib.loads(content)
        elif page not in IN_PLACE.get(label, []) and not any(content.startswith(beginning) for beginning in known):
            left.append(content)
    assert left == [], "make it ```sh, or have a test run it by block(), or say above why not"
    contents = [content for _, content in blocks_of(text)]
    assert {beginning: [content.startswith(beginning) for content in contents].count(True) for beginning in known} == dict.fromkeys(known, 1)


def test_what_runs_a_block_elsewhere_is_there():
    assert [(page, beginning) for (page, beginning), (file, piece) in RUN_BY.items() if piece not in (ROOT / file).read_text(encoding="utf-8")] == []


def test_each_page_with_commands_has_a_test_that_follows_it_and_compares():
    assert sorted(page.stem for page in (ROOT / "doc/uses").glob("*.md")) == sorted(USES)
    assert [page for page in FOLLOWED if not steps_of(page.read_text(encoding="utf-8"))] == []
    tests = {name: "".join(test.read_text(encoding="utf-8") for test in (HERE / name).glob("test_*.py")) for name in (*USES, *PAGES)}
    assert [name for name, text in tests.items() if "assert_true()" not in text] == []


def test_a_command_that_fails_in_front_of_a_pipe_fails():
    assert bash(Step("", "", "echo one; false | cat; echo two")) == (1, "one\n")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_a_page_about_the_checkout_names_nothing_that_is_not_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    paths = {*re.findall(r"`((?:\.ci|bench|conf|doc|packaging|scripts|sql|src|tests)/[\w./-]*)", text), *re.findall(r"\]\(([\w./-]+)\)", text),
             *re.findall(r"^(scripts/\w+)", text, re.MULTILINE)}
    assert paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", ["architecture", "internals"])
def test_the_way_into_the_code_leads_through_no_file_that_is_not_there(name):
    named = set(re.findall(r"`([\w./-]+\.(?:cc|h|py|sh|awk|txt))`", (ROOT / f"doc/{name}.md").read_text(encoding="utf-8")))
    files = [str(file) for folder in ("src", "tests", "doc") for file in (ROOT / folder).rglob("*.*")]
    assert len(named) > 10
    assert [name for name in sorted(named) if not any(file.endswith(f"/{name}") for file in files)] == []


def anchors_of(page):
    """What a link can lead to: each heading, as a web page calls it."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), ROOT / "conf/README.md", *(ROOT / "doc").rglob("*.md")], ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_of_a_page_leads_nowhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    wrong = [path for path, _ in links if not (page.parent / path).exists()]
    wrong += [f"{path}#{anchor}" for path, anchor in links if anchor and path not in wrong and anchor not in anchors_of(page.parent / path if path else page)]
    assert wrong == []


def test_the_demonstration_knows_every_use():
    words = subprocess.run([ROOT / "scripts/demo", "--help"], capture_output=True, text=True, check=True).stdout
    assert f"NAME is one of: {' '.join(USES)}\n" in words
    assert subprocess.run([ROOT / "scripts/demo", "no-use"], capture_output=True).returncode == 125
