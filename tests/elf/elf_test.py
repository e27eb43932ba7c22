"""What the dynamic loader will do with our shared objects, read from the files with readelf.

elf_test.py MODULE FILE, where MODULE names one of the classes below: nss, pam or direct.
"""

import re
import subprocess
import sys
import unittest

FILE = ""

LIBC = {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld64.so.2", "ld-linux-riscv64-lp64d.so.1"}
TOOLCHAIN = {"__cxa_finalize", "__gmon_start__", "_ITM_registerTMCloneTable", "_ITM_deregisterTMCloneTable"}


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, FILE], check=True, capture_output=True, text=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def dynamic(tag):
    return re.findall(rf"\({tag}\) +(.*)", readelf("-d"))


def bracketed(tag):
    return {re.search(r"\[(.*)\]", value).group(1) for value in dynamic(tag)}


def dynamic_symbols():
    """(section index, name without version) of each global or weak symbol."""
    return re.findall(r"(?:GLOBAL|WEAK|UNIQUE) +\w+ +(\w+) ([^\s@]+)", readelf("--dyn-syms"))


def exports():
    return {name for index, name in dynamic_symbols() if index != "UND"}


def imports():
    return {name for index, name in dynamic_symbols() if index == "UND"}


def segment(kind):
    """The flags of the segments of this kind, one string each."""
    return re.findall(rf"^ +{kind} +(?:0x\w+ +){{5}}([RWE ]+?) +0x", readelf("-l"), re.MULTILINE)


class SharedObject:
    """What holds for all of them."""

    def test_stack_is_not_executable(self):
        self.assertEqual(segment("GNU_STACK"), ["RW"])

    def test_no_segment_is_writable_and_executable(self):
        self.assertNotIn("RWE", segment("LOAD"))
        self.assertTrue(segment("LOAD"))

    def test_relocations_are_read_only_after_loading(self):
        self.assertEqual(len(segment("GNU_RELRO")), 1)
        self.assertIn("NOW", " ".join(dynamic("FLAGS_1")))

    def test_no_relocation_in_code(self):
        self.assertEqual(dynamic("TEXTREL"), [])

    def test_loader_is_sent_to_no_other_directory(self):
        self.assertEqual(dynamic("RPATH") + dynamic("RUNPATH"), [])


class Module(SharedObject):
    """What glibc or libpam loads into foreign processes."""

    def test_is_never_unloaded(self):
        self.assertIn("NODELETE", " ".join(dynamic("FLAGS_1")))

    def test_no_thread_local_storage(self):
        self.assertEqual(segment("TLS"), [])
        self.assertNotIn("__tls_get_addr", imports())

    def test_nothing_runs_when_it_is_loaded(self):
        names = dict((int(value, 16), name) for value, name in
                     re.findall(r"^ +\d+: (\w+) +\d+ FUNC .* (\S+)$", readelf("--syms"), re.MULTILINE))
        address, size = re.search(r" \.init_array +INIT_ARRAY +(\w+) \w+ (\w+)", readelf("-S")).groups()
        begin, end = int(address, 16), int(address, 16) + int(size, 16)
        relocations = re.findall(r"^(\w+) +\w+ +\S+_RELATIVE +(\w+)$", readelf("-r"), re.MULTILINE)
        run = [names.get(int(target, 16)) for at, target in relocations if begin <= int(at, 16) < end]
        self.assertEqual(run, ["frame_dummy"])

    def test_no_environment_variable_is_read(self):
        self.assertEqual({name for name in imports() if "env" in name}, set())

    def test_no_c_plus_plus_runtime_is_asked_for(self):
        self.assertEqual({name for name in imports() if name.startswith(("_Z", "__cxa_", "_Unwind"))} - TOOLCHAIN, set())


class nss(Module, unittest.TestCase):
    def test_needs_libc_alone(self):
        self.assertLessEqual(bracketed("NEEDED"), LIBC)
        self.assertIn("libc.so.6", bracketed("NEEDED"))

    def test_soname_is_what_glibc_asks_for(self):
        self.assertEqual(bracketed("SONAME"), {"libnss_sqlmap.so.2"})

    def test_exports_the_entry_points_and_nothing_else(self):
        maps = {"pwent": ["getpwnam_r", "getpwuid_r"], "grent": ["getgrnam_r", "getgrgid_r"], "spent": ["getspnam_r"]}
        names = ["initgroups_dyn", "never_here"]
        for walk, by_key in maps.items():
            names += by_key + [f"set{walk}", f"get{walk}_r", f"end{walk}"]
        self.assertEqual(exports(), {"_nss_sqlmap_" + name for name in names})

    def test_calls_nothing_that_prints_allocates_or_raises_a_signal(self):
        text = {"memchr", "memcmp", "memcpy", "memmove", "memrchr", "memset", "strchr", "strcspn", "strlen", "strnlen", "strrchr"}
        process = {"__errno_location", "__stack_chk_fail", "getauxval", "getpid", "pthread_setcancelstate", "syscall"}
        plugin = {"dlerror", "dlopen", "dlsym", "realpath", "__realpath_chk"}
        pages = {"mmap", "mremap", "munmap", "madvise"}
        snapshot = {"open", "fstat", "lstat", "close", "fcntl", "clock_gettime", "time", "getrlimit", "__explicit_bzero_chk"}
        daemon = {"socket", "connect", "setsockopt", "sendmsg", "recv", "poll", "nanosleep", "clock_nanosleep"}
        array_of_initgroups = {"realloc"}
        fortified = {f"__{name}_chk" for name in text}
        allowed = text | fortified | process | plugin | pages | snapshot | daemon | array_of_initgroups | TOOLCHAIN
        self.assertEqual(imports() - allowed, set())


class pam(Module, unittest.TestCase):
    def test_needs_libc_and_libpam_alone(self):
        self.assertLessEqual(bracketed("NEEDED"), LIBC | {"libpam.so.0"})
        self.assertIn("libpam.so.0", bracketed("NEEDED"))

    def test_exports_the_six_service_functions_and_nothing_else(self):
        names = ["authenticate", "setcred", "acct_mgmt", "open_session", "close_session", "chauthtok"]
        self.assertEqual(exports(), {"pam_sm_" + name for name in names})


class direct(SharedObject, unittest.TestCase):
    def test_brings_its_own_c_plus_plus_runtime_and_database_client(self):
        libraries = {re.sub(r"\.so\..*", "", name) for name in bracketed("NEEDED") - LIBC - {"libm.so.6"}}
        self.assertLessEqual(libraries, {"libssl", "libcrypto", "libcrypt", "libargon2", "libz", "libsodium"})

    def test_exports_its_entry_and_nothing_else(self):
        self.assertEqual(exports(), {"sqlmap_direct_plugin"})


if __name__ == "__main__":
    module, FILE = sys.argv[1:]
    unittest.main(argv=[sys.argv[0], "-v", module])
