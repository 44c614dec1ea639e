#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The top level holds what belongs there and nothing else, and no file of the tree is large.
# shellcheck source=common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
largest_bytes=200000

{
    list_files | cut -d / -f 1 | sort -u | while IFS= read -r name; do
        case $name in
            app | widgets | engine | profiler | storage | resources | tests) ;;
            CMakeLists.txt | CMakePresets.json | README.md | LICENSE | longscope.sh | .*) ;;
            *) printf '%s:1: does not belong at the top level\n' "$name" ;;
        esac
    done
    list_files | while IFS= read -r file; do
        size_bytes=$(wc -c <"$file")
        if ((size_bytes > largest_bytes)); then
            printf '%s:1: %d bytes, more than %d\n' "$file" "$size_bytes" "$largest_bytes"
        fi
    done
} | report
