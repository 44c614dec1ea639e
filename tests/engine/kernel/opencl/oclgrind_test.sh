#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# oclgrind_test.sh PROGRAM FILTER: runs tests of PROGRAM on oclgrind's simulated device, which reports every access out of
# bounds, race and use of what was never written. Skipped (77) where it is not installed.
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
    oclgrind --check-api --data-races --uninitialized --max-errors 20 --log "$folder/log" \
    "$program" --gtest_filter="$filter" >"$folder/out" 2>&1 || status=$?
tail -n 40 "$folder/out"
if ! grep -q '\[  PASSED  \] [1-9]' "$folder/out"; then
    echo "no test passed (exit code $status)"
    status=1
fi
if [ -s "$folder/log" ]; then
    echo "what oclgrind found:"
    cat "$folder/log"
    status=1
fi
exit "$status"
