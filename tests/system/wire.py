"""A client of sqlmapd's socket, written from the comment in src/common/wire/protocol.h alone."""

import json
import os
import socket
import struct

SOCKET = "/run/sqlmapd/socket"
MAGIC = 0x014D5153

USER_BY_NAME, USER_BY_UID, GROUP_BY_NAME, GROUP_BY_GID, GROUPS_OF_USER, SHADOW_BY_NAME = range(1, 7)
LIST_USERS, LIST_GROUPS, LIST_SHADOWS = range(7, 10)
AUTHENTICATE, CHECK_ACCOUNT = 16, 17
SSH_KEYS = 24
REFRESH, STATUS, FLUSH = range(32, 35)

USER, GROUP, GIDS, SHADOW, VERDICT, TEXT, KEYS = range(1, 8)
ABSENT, UNAVAILABLE = 16, 17

ACCEPTED, WRONG_PASSWORD = 1, 3
NOT_ALLOWED = 2


def text(value):
    value = value.encode()
    return struct.pack("<H", len(value)) + value


def number(value):
    return struct.pack("<I", value)


def ask(kind, fields=b"", flags=0):
    """The answer's frames, as (kind, detail)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(SOCKET)
        connection.sendall(struct.pack("<IIHH", MAGIC, len(fields), kind, flags) + fields)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    frames = []
    while answer:
        length, frame, detail = struct.unpack_from("<IBBxx", answer)
        frames.append((frame, detail))
        answer = answer[8 + length:]
    return frames


def ask_as(uid, *question, effective_uid=None):
    """What is answered to a process with this uid; it has the effective one of a set-uid program if that is given."""
    back, forth = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresuid(uid, uid if effective_uid is None else effective_uid, 0)
            os.write(forth, json.dumps(ask(*question)).encode())
        finally:
            os._exit(0)
    os.close(forth)
    with os.fdopen(back, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    assert answer, "the daemon broke the connection off, or did not accept it"
    return [tuple(frame) for frame in json.loads(answer)]
