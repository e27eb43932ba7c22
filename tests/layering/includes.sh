#!/bin/sh
# includes.sh COMPILER HEADER "DIR;DIR;...": whether the header can be included with these directories.
set -eu
compiler=$1 header=$2 directories=$3
set -- -std=c++23 -x c++ -fsyntax-only -
IFS=';'
for directory in $directories; do
    [ -n "$directory" ] && set -- "-I$directory" "$@"
done
printf '#include "%s"\n' "$header" | "$compiler" "$@"
