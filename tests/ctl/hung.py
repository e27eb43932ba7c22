"""A file system that hangs: whoever looks into it sleeps in the kernel, and cannot even be killed, until it is taken away."""

import ctypes
import os
import stat
import struct
import threading
from contextlib import contextmanager
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_FORCE, MNT_DETACH = 1, 2
FUSE_INIT = 26


def _call(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _serve(device):
    """fuse(4): says that it is there, takes each question, and answers none, like a server of NFS that is gone."""
    while True:
        try:
            question = os.read(device, 1 << 20)
        except OSError:
            return  # it is taken away
        _, opcode, unique = struct.unpack_from("=IIQ", question)
        if opcode == FUSE_INIT:
            there = struct.pack("=IIIIHHII9I", 7, 31, 0, 0, 1, 1, 4096, 1, *[0] * 9)
            os.write(device, struct.pack("=IiQ", 16 + len(there), 0, unique) + there)


@contextmanager
def hung_file_system(at):
    """The directory `at`, which is made if it is missing, leads into it."""
    place = Path(at)
    place.mkdir(parents=True, exist_ok=True)
    node = place.with_name(place.name + ".device")  # the sandbox's /dev has none
    os.mknod(node, stat.S_IFCHR | 0o600, os.makedev(10, 229))
    device = os.open(node, os.O_RDWR | os.O_CLOEXEC)
    node.unlink()
    _call(LIBC.mount(b"hung", bytes(place), b"fuse", 0, f"fd={device},rootmode=40755,user_id=0,group_id=0".encode()))
    server = threading.Thread(target=_serve, args=(device,), daemon=True)
    server.start()
    try:
        yield place
    finally:
        LIBC.umount2(bytes(place), MNT_FORCE)  # ends all that sleeps in it
        LIBC.umount2(bytes(place), MNT_DETACH)
        server.join()
        os.close(device)
        place.rmdir()
