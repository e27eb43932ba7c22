"""A throw-away MariaDB server on /dev/shm, and a client that returns rows."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

ESCAPES = {"t": "\t", "n": "\n", "0": "\0", "\\": "\\"}
END_OF_RESULT = ["#", "end of result"]


class SqlError(Exception):
    """What the server answered instead of a result, as `mariadb` prints it: ERROR 1142 (42000) ..."""


def unescape(field):
    """One field of `mariadb --batch`; NULL becomes None."""
    if field == "NULL":
        return None
    parts, characters = [], iter(field)
    for character in characters:
        parts.append(ESCAPES[next(characters)] if character == "\\" else character)
    return "".join(parts)


def split_results(output):
    """Cuts the client's output where query() had it print the end of a result."""
    results, lines = [], []
    for line in output.split("\n"):
        lines.append(line)
        if lines[-2:] == END_OF_RESULT:
            header, *rows = lines[:-2] or [""]
            names = header.split("\t")
            results.append([dict(zip(names, map(unescape, row.split("\t")))) for row in rows])
            lines = []
    return results


class Client:
    """Whoever asks: the administrator by socket authentication, or a user with a password."""

    def __init__(self, socket, user, password=None):
        self.command = ["mariadb", "--no-defaults", f"--socket={socket}", f"--user={user}",
                        "--default-character-set=utf8mb4", "--batch"]
        self.environment = dict(os.environ)
        if password is not None:
            self.environment["MYSQL_PWD"] = password

    def run(self, database, script):
        """Runs a whole script as the command line does; returns what it prints."""
        result = subprocess.run([*self.command, database], input=script.encode(), env=self.environment,
                                capture_output=True, check=False)
        if result.returncode != 0:
            raise SqlError(result.stderr.decode().strip())
        return result.stdout.decode()

    def query(self, database, *statements):
        """Runs the statements in one session; returns the rows of the last one, each a dict of strings and None."""
        script = "".join(f"{s};\nSELECT 'end of result' AS '#';\n" for s in statements)
        return split_results(self.run(database, script))[-1]

    def ask(self, database, query, *values):
        """Asks as sqlmap does: a prepared statement with bound parameters on a utf8mb4 connection."""
        return self.query(database, *prepare(query, *values), execute(*values))

    def value(self, database, query):
        """The one field of the one row of a query."""
        [row] = self.query(database, query)
        [value] = row.values()
        return value


def quote(value):
    """A literal: an integer as it is, text in hex, so that no character of it means anything."""
    return str(value) if isinstance(value, int) else f"CONVERT(0x{value.encode().hex()} USING utf8mb4)" if value else "''"


def prepare(query, *values):
    """The statements that prepare `query` and set its parameters."""
    return [f"PREPARE q FROM {quote(query)}", *(f"SET @p{i} = {quote(v)}" for i, v in enumerate(values))]


def execute(*values):
    """The statement that executes what prepare() prepared."""
    return "EXECUTE q" + (" USING " + ", ".join(f"@p{i}" for i in range(len(values))) if values else "")


class Server:
    """A private mariadbd: own data directory, socket and temporary directory, no network."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="sqlmap-views-", dir="/dev/shm")
        self.socket = f"{self.directory}/s"
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        data = f"--datadir={self.directory}/data"
        owner = ["--user=root"] if self.user == "root" else []
        try:
            os.mkdir(f"{self.directory}/t")
            subprocess.run(["mariadb-install-db", "--no-defaults", *owner, data, "--auth-root-authentication-method=socket",
                            f"--auth-root-socket-user={self.user}", "--skip-test-db", "--skip-name-resolve"],
                           check=True, capture_output=True)
            self.process = subprocess.Popen(
                ["mariadbd", "--no-defaults", *owner, data, f"--socket={self.socket}", f"--tmpdir={self.directory}/t",
                 f"--pid-file={self.directory}/pid", f"--log-error={self.directory}/err.log", "--skip-networking",
                 "--skip-name-resolve", "--innodb-buffer-pool-size=512M", "--innodb-log-file-size=64M",
                 "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--performance-schema=0"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self._wait()
        except BaseException:
            shutil.rmtree(self.directory)
            raise
        self.root = Client(self.socket, self.user)

    def _wait(self):
        deadline = time.monotonic() + 60
        ping = ["mariadb-admin", "--no-defaults", f"--socket={self.socket}", "ping"]
        while subprocess.run(ping, capture_output=True, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(f"{self.directory}/err.log", encoding="utf-8") as log:
                    raise RuntimeError(f"mariadbd did not start:\n{log.read()}")
            time.sleep(0.02)

    def client(self, user, password):
        """A client for a user with a password."""
        return Client(self.socket, user, password)

    def stop(self):
        """Ends the server and removes everything of it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.directory)
