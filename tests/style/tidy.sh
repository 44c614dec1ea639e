#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs clang-tidy over what compile_commands.json lists of our files. tidy.sh ROOT BUILD [REGEX of files]. It takes
# minutes, so it is a target of the build (tidy), not one of the everyday tests.
# shellcheck source=common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
build=$2 wanted=${3:-.}

command -v clang-tidy >/dev/null || { printf 'tidy.sh: clang-tidy is missing (apt-get install clang-tidy)\n' >&2; exit 2; }
# GCC has warning options that clang does not know.
sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$build/compile_commands.json" | grep -v -F "$build/" | grep -E "$wanted" |
    sort -u | tr '\n' '\0' | xargs -0 -r -n 1 -P "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" \
    clang-tidy --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option 2>&1 |
    sed -E -e '/^[0-9]+ warnings? (generated|treated as error)/d' -e '/^(Suppressed |Use -header-filter)/d' -e '/^$/d'
