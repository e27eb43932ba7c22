"""The blocks of the pages, between their fences, for tests that run one of them where its page is not followed from top to bottom."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<label>[^\n]*)\n(?P<text>.*?)^[ \t]*(?P=fence)$", re.MULTILINE | re.DOTALL)


def blocks_of(text):
    """Of each block the word behind its fence, which says what it is, and what it has. One that is indented is not followed, and says nothing."""
    return [("" if part["indent"] or part["fence"] != "```" else re.match(r"\w*", part["label"])[0],
             re.sub(f"^{part['indent']}", "", part["text"], flags=re.MULTILINE))
            for part in BLOCK.finditer(text)]


def block(page, beginning):
    """The one of the page that begins so. tests/scenarios/test_page.py looks for these calls: what is asked for here counts as run."""
    (text,) = [text for _, text in blocks_of((ROOT / page).read_text(encoding="utf-8")) if text.startswith(beginning)]
    return text
