"""The two generations of Aegir, their sample data, and the queries that sqlmap asks of the views unless told otherwise."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
VIEWS = (ROOT / "sql/views/aegir.sql").read_text(encoding="utf-8")
GENERATOR = (ROOT / "tests/views/multiply_sites.sql").read_text(encoding="utf-8")
GENERATIONS = ["aegir1-d6", "aegir3-d7"]


def default_templates():
    """The queries that have a default, out of the table that the program itself reads."""
    source = (ROOT / "src/common/config/query_descriptions.h").read_text(encoding="utf-8")
    rows = re.findall(r'\{QueryId::k\w+,\s*"(\w+)",\s*((?:"[^"]*"\s*)+),', source)
    templates = {key: "".join(re.findall(r'"([^"]*)"', text)) for key, text in rows}
    return {key: template for key, template in templates.items() if template}


def prepared(template):
    """A query template with a ? for each named parameter."""
    return re.sub(r":(name|uid|gid|host)\b", "?", template)


TEMPLATES = default_templates()
QUERIES = {key: prepared(template) for key, template in TEMPLATES.items()}
GETPWNAM, GETPWUID, GETPWENT = QUERIES["getpwnam"], QUERIES["getpwuid"], QUERIES["getpwent"]
GETSPNAM, GETSPENT = QUERIES["getspnam"], QUERIES["getspent"]
GETGRNAM, GETGRGID, GETGRENT = QUERIES["getgrnam"], QUERIES["getgrgid"], QUERIES["getgrent"]
MEMSBYGID, GIDSBYMEM, AUTH = QUERIES["memsbygid"], QUERIES["gidsbymem"], QUERIES["auth"]
GETPWUID_OWNER = f"{GETPWENT} WHERE uid = ?".replace("nss_getpwnam", "nss_getpwuid")  # as conf/aegir/sqlmapd.toml has it


def sample(generation):
    """The tables and rows of tests/data."""
    return "".join((ROOT / f"tests/data/{generation}-{part}.sql").read_text(encoding="utf-8") for part in ("schema", "data"))


def views_with(**settings):
    """aegir.sql as an administrator leaves it who has changed settings at its top."""
    text = VIEWS
    for name, value in settings.items():
        literal = f"'{value}'" if isinstance(value, str) else str(value)
        text, changes = re.subn(rf"^(SELECT | +)('[^']*'|\d+)( +AS {name}[,;])", rf"\g<1>{literal}\3", text, flags=re.MULTILINE)
        assert changes == 1, f"{name} is set in {changes} places"
    return text


def documented(pattern):
    """The one text of doc/aegir.md that matches: what the administrator is told to type."""
    [text] = re.findall(pattern, (ROOT / "doc/aegir.md").read_text(encoding="utf-8"))
    return text
