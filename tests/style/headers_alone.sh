#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every header compiles alone. headers_alone.sh ROOT COMPILER [FLAG ...]. A header that has a source file is included
# first there (file_heads.sh), so the build has shown it already, but for tests, which it may compile with precompiled
# headers; this compiles those that have none, and those of tests.
# shellcheck source=common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
shift

# An -inl.h file is compiled once for each vector instruction set, inside a source file that chooses the set.
list_matching '\.h$' | while IFS= read -r header; do
    if [[ $header != *-inl.h && (! -f ${header%.h}.cpp || $header == tests/*) ]]; then printf '%s\0' "$header"; fi
done | xargs -0 -r -n 1 -P "$(nproc)" bash -c '
    header=${!#}
    "${@:1:$#-1}" -I. -fsyntax-only -include "$header" -x c++ /dev/null ||
        { printf "%s:1: does not compile alone\n" "$header"; exit 1; }
' check "$@" 2>&1
