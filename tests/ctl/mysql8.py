"""A server that calls itself MySQL 8, as far as its client can see: MariaDB behind a greeting that says so.

It is no MySQL: what MySQL alone refuses is not refused here. What it shows is which statements sqlmap sends to one; tests/mysql has a real one.
"""

import re
import socket
import socketserver
import struct
import threading
from contextlib import contextmanager

VERSION = b"8.0.36"
PORT = 3388
QUERY, PREPARE = b"\x03", b"\x16"
CLIENT_MYSQL = 1  # among the server's capabilities: it is not MariaDB


def _packet(stream):
    """The next one's number and text; None at the end."""
    head = stream.read(4)
    return None if len(head) < 4 else (head[3:], stream.read(int.from_bytes(head[:3], "little")))


def _greeting(text):
    rest = text.partition(b"\0")[2]
    low = struct.unpack_from("<H", rest, 13)[0]  # behind the thread's number and half of the challenge
    return text[:1] + VERSION + b"\0" + rest[:13] + struct.pack("<H", low | CLIENT_MYSQL) + rest[15:]


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        with socket.create_connection(("127.0.0.1", 3306)) as server, server.makefile("rb") as answers:
            number, text = _packet(answers)
            self._send(self.request, number, _greeting(text))
            threading.Thread(target=self._pass_on_answers, args=(answers,), daemon=True).start()
            while packet := _packet(self.rfile):
                number, text = packet
                if number == b"\0" and text[:1] in (QUERY, PREPARE):
                    self.server.seen.append(text[1:].decode())
                    # The one word of these that MariaDB does not know.
                    text = re.sub(rb"max_execution_time=\d+", b"max_statement_time=30", text)
                self._send(server, number, text)

    def _pass_on_answers(self, answers):
        try:
            while piece := answers.read1(65536):
                self.request.sendall(piece)
        except OSError:
            pass  # the client is gone

    @staticmethod
    def _send(to, number, text):
        to.sendall(len(text).to_bytes(3, "little") + number + text)


@contextmanager
def mysql8():
    """The statements that it was sent, in their order; it listens on 127.0.0.1 at PORT."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", PORT), _Session) as server:
        server.daemon_threads = True
        server.seen = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.seen
        finally:
            server.shutdown()
