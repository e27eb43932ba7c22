#!/usr/bin/python3
"""Answers look-ups and logins as a long-lived host program would: a line in, a line out.

    user NAME             found UID | absent | unavailable ERRNO       and the seconds that it took
    entry NAME            found UID:GID:GECOS:HOME:SHELL | ...
    groups NAME           ok N | failed
    login NAME PASSWORD [ADDRESS]   PAM's return code; of somebody who comes from there
    fresh ...             the same in a process that has asked nothing before; `died STATUS` if it does

With arguments, `lookup.py NAME...`, it asks for the names again and again, each also in fresh processes, until its input ends.
Then it says in JSON how often it got which answer, how long the slowest took, and whether an entry went back to what it was.

glibc's own functions are called, and errno is looked at, because Python's pwd cannot tell "no such user" from "no answer".
"""

import ctypes
import ctypes.util
import json
import os
import select
import sys
import time

PAUSE = 0.002  # between two rounds, for the processor's sake
TICKS = os.sysconf("SC_CLK_TCK")


class Passwd(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("password", ctypes.c_char_p), ("uid", ctypes.c_uint), ("gid", ctypes.c_uint),
                ("gecos", ctypes.c_char_p), ("home", ctypes.c_char_p), ("shell", ctypes.c_char_p)]


LIBC = ctypes.CDLL(None, use_errno=True)
PAM = ctypes.CDLL("libpam.so.0")


def look(name, describe):
    row, result, buffer = Passwd(), ctypes.POINTER(Passwd)(), ctypes.create_string_buffer(65536)
    error = LIBC.getpwnam_r(name.encode(), ctypes.byref(row), buffer, ctypes.c_size_t(len(buffer)), ctypes.byref(result))
    if result:
        return f"found {describe(row)}"
    return f"unavailable {error}" if error else "absent"


def user(name):
    return look(name, lambda row: row.uid)


def entry(name):
    return look(name, lambda row: ":".join([str(row.uid), str(row.gid), *(text.decode() for text in (row.gecos, row.home, row.shell))]))


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


PAM_RHOST = 4


def login(name, password, address=""):
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
    assert PAM.pam_set_item(handle, PAM_RHOST, address.encode()) == 0
    result = PAM.pam_authenticate(handle, 0)
    if result == 0:
        result = PAM.pam_acct_mgmt(handle, 0)
    PAM.pam_end(handle, result)
    return str(result)


COMMANDS = {"user": user, "entry": entry, "groups": groups, "login": login}


def kept_waiting():
    """The seconds for which this thread could have run and the machine had no processor for it, see proc(5), schedstat; or had none itself,
    since it is a virtual one: "steal" of its processors, of which no process is told its own."""
    with open("/proc/self/schedstat", encoding="ascii") as file:
        waited = int(file.read().split()[1]) / 1e9
    with open("/proc/stat", encoding="ascii") as file:
        stolen = int(file.readline().split()[8])
    return waited + stolen / TICKS


def timed(command, *arguments):
    """What a busy machine adds to a call is not the call's."""
    waited, started = kept_waiting(), time.monotonic()
    answer = COMMANDS[command](*arguments)
    return answer, time.monotonic() - started - (kept_waiting() - waited)


def timed_fresh(*words):
    """In a child: this process must not have asked anything yet, or must not mind."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, json.dumps(timed(*words)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return tuple(json.loads(said)) if status == 0 else (f"died {status}", 0.0)


def ended():
    return bool(select.select([sys.stdin], [], [], PAUSE)[0])


def watch(names):
    # What makes the fresh processes has never asked anything; what has a history is another one.
    reading, writing = os.pipe()
    if os.fork() == 0:
        report = {}
        keep_asking(names, timed, report)
        os.write(writing, json.dumps(report).encode())
        os._exit(0)
    os.close(writing)
    report = {}
    keep_asking(names, timed_fresh, report)
    with os.fdopen(reading, "rb") as pipe:
        old = pipe.read()
    _, status = os.wait()
    print(json.dumps({"fresh": report, "old": json.loads(old) if status == 0 else {"died": status}}))


def keep_asking(names, ask, report):
    report.update(answers={name: {} for name in names}, slowest=0.0, rounds=0, back=[])
    last, before = {}, {name: set() for name in names}
    while True:
        stop = ended()
        for name in names:
            answer, seconds = ask("entry", name)
            counts = report["answers"][name]
            counts[answer] = counts.get(answer, 0) + 1
            report["slowest"] = max(report["slowest"], seconds)
            if answer != last.setdefault(name, answer):
                before[name].add(last[name])
                last[name] = answer
                if answer in before[name]:
                    report["back"].append(answer)
        report["rounds"] += 1
        if stop:
            return


def converse_by_lines():
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "fresh":
            # From a process that has asked nothing: this one may have.
            print(NURSERY.ask(arguments), flush=True)
        else:
            answer, seconds = timed(command, *arguments)
            print(f"{answer} {seconds:.4f}", flush=True)


class Nursery:
    """A process that never asks anything itself, and has children that do."""

    def __init__(self):
        question, self._questions = os.pipe()
        self._answers, answer = os.pipe()
        if os.fork() == 0:
            os.close(self._questions)
            os.close(self._answers)
            with os.fdopen(question) as questions:
                for line in questions:
                    said, seconds = timed_fresh(*line.split())
                    os.write(answer, f"{said} {seconds:.4f}\n".encode())
            os._exit(0)
        os.close(question)
        os.close(answer)
        self._lines = os.fdopen(self._answers)

    def ask(self, words):
        os.write(self._questions, (" ".join(words) + "\n").encode())
        return self._lines.readline().rstrip("\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        watch(sys.argv[1:])
    else:
        NURSERY = Nursery()
        converse_by_lines()
