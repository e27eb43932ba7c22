#!/bin/sh
# symbols.sh ARCHIVE: what the client's objects need from outside, as built for the modules. No allocator, no exceptions, no
# thread-local storage, no constructors: nothing but these calls of libc, and our own rules for paths.
set -eu
allowed='close connect fcntl poll recv sendmsg setsockopt socket __errno_location clock_gettime explicit_bzero memchr memcpy
memmove memset mmap mremap munmap pthread_setcancelstate strnlen strrchr strlen __cxa_pure_virtual __stack_chk_fail
_GLOBAL_OFFSET_TABLE_ __explicit_bzero_chk __memcpy_chk __memmove_chk __memset_chk'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ar x "$1" answer_decoder.cc.o client.cc.o daemon_connection.cc.o
nm -u -- *.o | awk 'NF == 2 { print $2 }' | sort -u >needed
nm --defined-only -- *.o | awk 'NF == 3 { print $3 }' | sort -u >defined
echo "$allowed" | tr ' ' '\n' | sort -u >allowed
comm -23 needed defined | grep -v '^_ZN6sqlmap' | comm -23 - allowed >surplus || true
if [ -s surplus ]; then
    echo 'The client end needs what a module may not have:'
    cat surplus
    exit 1
fi
if readelf -SW -- *.o | grep -E '\.(init_array|ctors|tdata|tbss|gcc_except_table)'; then
    echo 'The client end has constructors, thread-local storage or exception tables'
    exit 1
fi
[ -s needed ]
