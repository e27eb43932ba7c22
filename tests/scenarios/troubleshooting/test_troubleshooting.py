"""doc/troubleshooting.md is followed: each symptom is brought about, and its command says what the page says."""


def test_the_page_says_what_happens(reader):
    reader.follow()
    reader.assert_true()


def test_what_goes_into_a_report_has_no_password_and_no_hash(reader):
    files = "".join(open(f"/root/{name}.json", encoding="utf-8").read() for name in ("check", "status"))
    assert '"findings"' in files
    assert [word for word in ("reader-password", "judge-password", "$6$", "$1$") if word in files] == []
