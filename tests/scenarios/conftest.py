"""Whole uses, in scripts/sandbox --unconfigured: each test follows the page of its folder's name in doc/uses/, and looks more closely."""

import pytest
from page import Reader


@pytest.fixture(scope="module")
def reader(request):
    """A reader of the page, who has not begun."""
    return Reader(request.path.parent.name)
