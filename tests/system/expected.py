"""What the Aegir data of tests/data must look like as accounts, for both generations of Aegir.

The passwords are those of the Drupal users of a site's client: Acme's are alice, bob and erin; Bolt's are carol (blocked) and
Dave; Corp's is erin; Dora's are frank (blocked) and user 1, who opens nothing.
"""

from dataclasses import dataclass

UID = GID = 10000
GROUP = "aegir"
ENABLED_SHELL = "/bin/true"
DISABLED_SHELL = "/bin/false"

PLATFORMS = {
    1: {"hostmaster": "/var/aegir/hostmaster-6.x-1.12", "one": "/var/aegir/platforms/drupal-6.37",
        "two": "/var/aegir/platforms/pressflow-6.47"},
    3: {"hostmaster": "/var/aegir/hostmaster-7.x-3.190", "one": "/var/aegir/platforms/drupal-7.98",
        "two": "/var/aegir/platforms/drupal-7.101"},
}

ALL_PASSWORDS = ("admin-secret", "alice-pw", "bob-pw", "carol-pw", "dave-pw", "erin-pw", "frank-pw", "grace-pw")


@dataclass(frozen=True)
class Account:
    name: str
    gecos: str
    home: str
    enabled: bool = True
    passwords: tuple[str, ...] = ()

    @property
    def shell(self):
        return ENABLED_SHELL if self.enabled else DISABLED_SHELL

    @property
    def passwd_line(self):
        return f"{self.name}:x:{UID}:{GID}:{self.gecos}:{self.home}:{self.shell}"

    @property
    def shadow_line(self):
        return f"{self.name}:*:1:0:99999:0:::0" if self.enabled else f"{self.name}:!*:1:0:99999:0::1:0"


QUEUED = "queued-site-with-a-very-long-name.dora.example"


def accounts(generation):
    """The eight accounts by name."""
    rows = [
        ("aegir.example.net", "admin,,,", "hostmaster", True, ()),
        ("bolt.example", "Bolt & Söhne,,,", "two", True, ("dave-pw",)),
        ("corp.example", "Corp  Holdings,,,", "two", True, ("erin-pw",)),
        ("dora.example", "Dora,,,", "one", True, ()),
        ("old.bolt.example", "Bolt & Söhne,,,", "one", False, ()),
        (QUEUED, "Dora,,,", "two", False, ()),
        ("shop.acme.example", "Acme Widgets  Pty Ltd,,,", "two", True, ("alice-pw", "bob-pw", "erin-pw")),
        ("www.acme.example", "Acme Widgets  Pty Ltd,,,", "one", True, ("alice-pw", "bob-pw", "erin-pw")),
    ]
    return {
        name: Account(name, gecos, f"{PLATFORMS[generation][platform]}/sites/{name}", enabled, passwords)
        for name, gecos, platform, enabled, passwords in rows
    }


# Of eight accounts with one uid the shortest, then first, name stands for it.
NAME_OF_UID = "bolt.example"

NAMES_THAT_MUST_NOT_RESOLVE = (
    "BOLT.EXAMPLE", "bolt.example ", " bolt.example", "bölt.example", "Shop.Acme.Example",
    "acme.example", "shop.acme-alias.example",  # aliases
    "example.net", "nobody.example",
    "bolt.example'", "' OR '1'='1", "bolt.example%", "%", "*", "_", "b_lt.example", "bolt.example:x", "-bolt.example",
    "bolt.example\n", "a" * 4096, ".", "..", "bolt.example/..",
)
