"""One server for all tests, and a fresh database for each."""

import itertools

import aegir
import mariadb_server
import pytest

IDENTITY_PASSWORD = "identity-secret"
AUTH_PASSWORD = "auth-secret"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server():
    """A private MariaDB with the two users that the views' grants are for."""
    instance = mariadb_server.Server()
    try:
        instance.root.run("", f"CREATE USER 'sqlmap'@'localhost' IDENTIFIED BY '{IDENTITY_PASSWORD}';"
                              f"CREATE USER 'sqlmap_auth'@'localhost' IDENTIFIED BY '{AUTH_PASSWORD}';")
        yield instance
    finally:
        instance.stop()


@pytest.fixture
def root(server):
    """The database's administrator."""
    return server.root


@pytest.fixture
def identity(server):
    """Whoever reads the identity account's password in the world-readable configuration: any local user."""
    return server.client("sqlmap", IDENTITY_PASSWORD)


@pytest.fixture
def auth(server):
    """The account of secrets.toml."""
    return server.client("sqlmap_auth", AUTH_PASSWORD)


@pytest.fixture
def database(root):
    """An empty database."""
    name = f"accounts{next(_numbers)}"
    root.run("", f"CREATE DATABASE {name}")
    yield name
    root.run("", f"DROP DATABASE {name}")


@pytest.fixture(params=aegir.GENERATIONS)
def generation(request):
    """Aegir 1.x on Drupal 6, then Aegir 3.x on Drupal 7."""
    return request.param


@pytest.fixture
def hosting(root, database, generation):
    """A database with the sample data of one generation and the views over it."""
    root.run(database, aegir.sample(generation))
    root.run(database, aegir.VIEWS)
    return database
