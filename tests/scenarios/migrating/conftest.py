"""Two parts of the page have hosts of their own, and lines of their own in ../CMakeLists.txt, which name their files; the folder is the rest."""

import pytest

collect_ignore = ["test_pure_ftpd.py", "test_proftpd.py"]
pytest.register_assert_rewrite("ftp_moves")
