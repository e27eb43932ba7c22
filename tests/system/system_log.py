"""What programs tell syslog, collected from /dev/log for as long as the context lasts."""

import os
import socket
import threading
import time

LOG = "/dev/log"


class Syslog:
    def __enter__(self):
        self.lines = []
        self.changed = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(LOG)
        os.chmod(LOG, 0o666)
        self.thread = threading.Thread(target=self.receive, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        os.unlink(LOG)

    def receive(self):
        while line := self.socket.recv(65536):
            with self.changed:
                self.lines.append(line.decode(errors="replace"))
                self.changed.notify_all()

    def text(self):
        with self.changed:
            return "\n".join(self.lines)

    def wait_for(self, *words, seconds=30):
        """The first line with all of these words."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                for line in self.lines:
                    if all(word in line for word in words):
                        return line
                remaining = deadline - time.monotonic()
                assert remaining > 0, f"no line with {words} in:\n" + "\n".join(self.lines)
                self.changed.wait(remaining)
