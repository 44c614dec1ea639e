# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# For tests written as shell scripts: run a command, then say what is expected of its exit code and its output.
set -euo pipefail

# shellcheck disable=SC2034  # for the scripts that source this
source_root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# Sets code and output (standard output and standard error together).
run() {
    code=0
    output=$("$@" 2>&1 </dev/null) || code=$?
    command_line=$*
}

failed() {
    printf 'FAILED: %s\n  command: %s\n  exit code: %s\n  | %s\n\n' "$1" "$command_line" "$code" "${output//$'\n'/$'\n  | '}"
    failures=$((failures + 1))
}

expect_code() { [[ $code == "$1" ]] || failed "exit code $1"; }
expect_text() { [[ $output == *"$1"* ]] || failed "the output holds: $1"; }
expect_no_text() { [[ $output != *"$1"* ]] || failed "the output does not hold: $1"; }
expect_lines() { [[ $(grep -c '' <<<"$output") == "$1" ]] || failed "$1 line(s) of output"; }

finish() {
    if ((failures)); then printf '%d expectation(s) failed\n' "$failures"; exit 1; fi
    printf 'all expectations met\n'
}
