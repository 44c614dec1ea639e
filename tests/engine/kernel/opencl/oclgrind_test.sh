#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# oclgrind_test.sh PROGRAM FILTER: runs tests of PROGRAM on the simulated device of oclgrind, which reports every access
# out of bounds and race. (Its check of uninitialised values does not know all instructions.) Skipped (77) where it is not
# installed.
set -eu
program=$1
filter=$2

if ! command -v oclgrind >/dev/null; then
    echo "skipped: oclgrind is not installed"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
# It is many thousand times slower than a device: the watchdog waits.
LONGSCOPE_OPENCL_DEVICE=oclgrind LONGSCOPE_OPENCL_WATCHDOG=100000 \
    oclgrind --check-api --data-races --max-errors 20 --log "$folder/log" \
    "$program" --gtest_filter="$filter" >"$folder/out" 2>&1 || status=$?
tail -n 40 "$folder/out"
# The simulator may end badly once everything has been told.
if ! grep -q '\[  PASSED  \] [1-9]' "$folder/out" || grep -q '\[  FAILED  \]' "$folder/out"; then
    echo "the tests did not pass (exit code $status)"
    exit 1
fi
status=0
if [ -s "$folder/log" ]; then
    echo "what oclgrind found:"
    cat "$folder/log"
    status=1
fi
exit "$status"
