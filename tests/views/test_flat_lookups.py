"""A look-up by name, uid or gid costs the same with a thousand sites as with a hundred thousand."""

import aegir
import mariadb_server
import pytest

SIZES = [1000, 10000, 100000]
# Of client, platform and status of every kind: generated sites, sites of the sample, and nobody.
NAMES = ["site1.client1.example", "site500.client101.example", "site505.client102.example", "site777.client156.example",
         "shop.acme.example", "bolt.example", "nobody.example"]
BY_NAME = {"getpwnam": aegir.GETPWNAM, "getspnam": aegir.GETSPNAM, "gidsbymem": aegir.GIDSBYMEM, "auth": aegir.AUTH}
LOOKUPS = [(key, query, name) for key, query in BY_NAME.items() for name in NAMES] + [
    ("getgrnam", aegir.GETGRNAM, "aegir"), ("getgrnam", aegir.GETGRNAM, "nobody"), ("getgrgid", aegir.GETGRGID, 10000),
    ("getgrgid", aegir.GETGRGID, 1), ("memsbygid", aegir.MEMSBYGID, 10000), ("getgrent", aegir.GETGRENT, None),
    ("getpwuid", aegir.GETPWUID_OWNER, 10000), ("getpwuid", aegir.GETPWUID_OWNER, 1)]
ACCESS_BY_KEY = {"system", "const", "eq_ref", "ref"}
MOST_ROWS_OF_ONE_TABLE = 5


@pytest.fixture(scope="module")
def databases(server):
    """Makes databases of a generation and a size, with views and the recommended index, and keeps them for the module."""
    made = {}

    def database(generation, sites):
        name = f"flat_{generation.replace('-', '_')}_{sites}"
        if name not in made:
            server.root.run("", f"CREATE DATABASE {name}")
            made[name] = True
            server.root.run(name, aegir.sample(generation))
            server.root.run(name, f"SET @sites = {sites};\n{aegir.GENERATOR}")
            server.root.run(name, aegir.VIEWS)
            server.root.run(name, aegir.documented(r"ALTER TABLE hosting_client_user [^;`]*;"))
        return name

    yield database
    for name in made:
        server.root.run("", f"DROP DATABASE {name}")


def values_of(value):
    """The bound parameters of a look-up."""
    return [] if value is None else [value]


def rows_read(root, database, query, value):
    """What the storage engines were asked for by one execution of a prepared look-up."""
    values = values_of(value)
    execute = mariadb_server.execute(*values)
    rows = root.query(database, *mariadb_server.prepare(query, *values), execute, "FLUSH LOCAL STATUS", execute,
                      "SHOW SESSION STATUS LIKE 'Handler_read%'")
    return {row["Variable_name"]: int(row["Value"]) for row in rows}


@pytest.mark.parametrize("key, query, value", LOOKUPS)
def test_a_look_up_reads_as_many_rows_of_many_sites_as_of_few(root, databases, generation, key, query, value):
    few, *many = (rows_read(root, databases(generation, sites), query, value) for sites in SIZES)
    assert many == [few, few]
    assert sum(few.values()) <= 40, few


@pytest.mark.parametrize("key, query, value", LOOKUPS)
def test_a_look_up_goes_through_an_index_of_every_table(root, databases, generation, key, query, value):
    for sites in SIZES:
        steps = root.ask(databases(generation, sites), f"EXPLAIN {query}", *values_of(value))
        assert steps
        for step in steps:
            if step["table"] is None or step["table"].startswith("<derived"):  # the settings: one row, of no table
                assert int(step["rows"] or 0) <= 2, step
            else:
                assert step["type"] in ACCESS_BY_KEY, step
                assert int(step["rows"]) <= MOST_ROWS_OF_ONE_TABLE, step


def test_a_list_holds_every_site_that_is_not_deleted_once(root, databases, generation):
    for sites in SIZES:
        count = root.value(databases(generation, sites), "SELECT COUNT(*) FROM nss_getpwnam")
        unique = root.value(databases(generation, sites), "SELECT COUNT(DISTINCT username) FROM nss_getpwnam")
        assert int(count) == int(unique) == sites - sites // 100 + 8
