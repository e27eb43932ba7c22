"""What the tests of several uses ask: MariaDB for its rows, the host for its accounts."""

import subprocess


def sql(statements, database):
    """What it answers, a line for each row."""
    return subprocess.run(["mariadb", "--default-character-set=utf8mb4", "--batch", "--skip-column-names", database], input=statements,
                          capture_output=True, text=True, check=True).stdout.strip()


def passwd(name, prefix=()):
    """Its fields by name or uid, None if there is none."""
    result = subprocess.run([*prefix, "getent", "passwd", str(name)], capture_output=True, text=True)
    assert result.returncode in (0, 2), result
    return result.stdout.rstrip("\n").split(":") if result.returncode == 0 else None
