"""doc/install.md is followed."""


def test_the_page_says_what_happens(reader):
    reader.follow()
    reader.assert_true()
