#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Fuzzes one target, beginning with its corpus. Usage: run.sh BUILD_FOLDER TARGET SECONDS [OPTION ...]
# OPTIONs are libFuzzer's. New inputs and those that crash go to the build folder. Ends with 77 where nothing is built.
set -euo pipefail
readonly cannot=77

build=$1 target=$2 seconds=$3
shift 3
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
program=$build/bin/${target}_fuzz
if [[ ! -x $program ]]; then
    echo "skipped: there is no $program (see the test fuzz_build)"
    exit $cannot
fi
found=$build/found/$target
crashes=$build/crashes/$target
mkdir -p "$found" "$crashes"

options=(-max_total_time="$seconds" -rss_limit_mb=1024 -timeout=5 -max_len=65536 -print_final_stats=1)
if [[ -e $here/dictionaries/$target.dict ]]; then options+=(-dict="$here/dictionaries/$target.dict"); fi
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
if [[ -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi  # for targets that need files: without a disk they are faster
if "$program" "${options[@]}" -artifact_prefix="$crashes/" "$@" "$found" "$here/corpora/$target"; then exit 0; fi
echo
echo 'A finding. To repeat it:'
echo "  $program $(find "$crashes" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)"
echo "Once it is fixed, keep the input as a file of $here/corpora/$target."
exit 1
