#!/usr/bin/python3
"""Answers look-ups and logins as a long-lived host program would: a line in, a line out.

    user NAME             found UID | absent | unavailable ERRNO       and the seconds that it took
    groups NAME           ok N | failed
    login NAME PASSWORD   PAM's return code

glibc's own functions are called, and errno is looked at, because Python's pwd cannot tell "no such user" from "no answer".
"""

import ctypes
import ctypes.util
import sys
import time


class Passwd(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("password", ctypes.c_char_p), ("uid", ctypes.c_uint), ("gid", ctypes.c_uint),
                ("gecos", ctypes.c_char_p), ("home", ctypes.c_char_p), ("shell", ctypes.c_char_p)]


LIBC = ctypes.CDLL(None, use_errno=True)
PAM = ctypes.CDLL("libpam.so.0")


def user(name):
    entry, result, buffer = Passwd(), ctypes.POINTER(Passwd)(), ctypes.create_string_buffer(65536)
    error = LIBC.getpwnam_r(name.encode(), ctypes.byref(entry), buffer, ctypes.c_size_t(len(buffer)), ctypes.byref(result))
    if result:
        return f"found {entry.uid}"
    return f"unavailable {error}" if error else "absent"


def groups(name):
    count = ctypes.c_int(64)
    gids = (ctypes.c_uint * 64)()
    return f"ok {count.value}" if LIBC.getgrouplist(name.encode(), 0, gids, ctypes.byref(count)) >= 0 else "failed"


class PamMessage(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class PamResponse(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(PamMessage)),
                            ctypes.POINTER(ctypes.POINTER(PamResponse)), ctypes.c_void_p)


class PamConversation(ctypes.Structure):
    _fields_ = [("converse", CONVERSE), ("data", ctypes.c_void_p)]


LIBC.calloc.restype = LIBC.strdup.restype = ctypes.c_void_p


def login(name, password):
    @CONVERSE
    def converse(count, _messages, responses, _data):
        answers = ctypes.cast(LIBC.calloc(count, ctypes.sizeof(PamResponse)), ctypes.POINTER(PamResponse))
        for i in range(count):
            answers[i].text = LIBC.strdup(password.encode())
        responses[0] = answers
        return 0

    handle = ctypes.c_void_p()
    conversation = PamConversation(converse, None)
    assert PAM.pam_start(b"fault", name.encode(), ctypes.byref(conversation), ctypes.byref(handle)) == 0
    result = PAM.pam_authenticate(handle, 0)
    if result == 0:
        result = PAM.pam_acct_mgmt(handle, 0)
    PAM.pam_end(handle, result)
    return str(result)


COMMANDS = {"user": user, "groups": groups, "login": login}

if __name__ == "__main__":
    for line in sys.stdin:
        command, *arguments = line.split()
        started = time.monotonic()
        answer = COMMANDS[command](*arguments)
        print(f"{answer} {time.monotonic() - started:.4f}", flush=True)
