#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The engine and the headless programs build and link where no Qt is installed, shown without building them once more:
# a configuration that may not look for Qt gives the same commands for them as the build at hand; and nothing of Qt is
# among the files that these commands read, as the compiler wrote down, nor among what the programs load.
# without_qt.sh ROOT BUILD PROGRAM ...: targets of a build by ninja that is up to date; they lie in BUILD/bin.
# shellcheck source=common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
build=$(readlink -f "$2")
programs=("${@:3}")
plain=$build-without-qt  # beside it: the commands name files of the tree seen from there
trap 'rm -rf "$plain"' EXIT

found() { printf '%s\n' "$1"; }
setting() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
# What ninja would run for the programs, in no particular order.
commands() { ninja -C "$1" -t commands "${programs[@]}" | sed "s#$1#BUILD#g" | LC_ALL=C sort; }

settings=(-DLONGSCOPE_DESKTOP=OFF -DLONGSCOPE_TESTS=OFF -DCMAKE_DISABLE_FIND_PACKAGE_Qt5=ON -DCMAKE_DISABLE_FIND_PACKAGE_Qt6=ON)
for name in CMAKE_BUILD_TYPE CMAKE_CXX_COMPILER CMAKE_CXX_COMPILER_LAUNCHER CMAKE_CXX_FLAGS LONGSCOPE_MPI; do
    settings+=("-D$name=$(setting $name)")
done
{
    if ! log=$(cmake --fresh -G Ninja -S . -B "$plain" "${settings[@]}" 2>&1); then
        found 'does not configure without Qt'
        grep -A 5 'CMake Error' <<<"$log" || found "$log"
        exit
    fi
    [[ -n $(commands "$build") ]] || found 'nothing is built of nothing'
    diff <(commands "$plain") <(commands "$build") | sed -n 's/^</only without Qt: /p; s/^>/only with Qt: /p' | cut -c 1-1000

    qt='/(qt[0-9]*|Qt[A-Z0-9][A-Za-z0-9]*)/|/Q[A-Z][A-Za-z0-9]*$|/q(t|object|widget|string|global)[a-z]*\.h$'
    commands "$build" | sed -n 's/.* -o \([^ ]*\.o\) -c .*/\1/p' | while IFS= read -r object; do
        read_files=$(ninja -C "$build" -t deps "$object")
        if [[ $(head -n 1 <<<"$read_files") != *'(VALID)' ]]; then found "$object: is not built, or is out of date"; fi
        grep -E -m 3 "$qt" <<<"$read_files" | sed "s#^ *#$object reads #" || true
    done

    for program in "${programs[@]}"; do
        if [[ ! -x $build/bin/$program ]]; then
            found "$program is not built"
            continue
        fi
        readelf -d "$build/bin/$program" | sed -n 's/.*(NEEDED).*\[\(lib\(Qt\|X11\|xcb\|GL\|EGL\|wayland\)[^]]*\)\]/\1/p' |
            sed "s#^#$program is linked with #"
        ldd "$build/bin/$program" | sed -n "s#^[ \t]*\(libQt[^ ]*\).*#$program loads \1#p"
    done
} | report
