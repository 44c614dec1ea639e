#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# program_test.sh PROGRAM: the command line of the window, where there is no display. Takes none, and opens none.
# shellcheck source=../style/expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../style/expect.sh"
program=$1
unset DISPLAY WAYLAND_DISPLAY QT_QPA_PLATFORM
ulimit -c 0

# Asking needs no display.
run "$program" --help
expect_code 0
expect_text 'Usage: longscope [OPTIONS] [FILE...]'
expect_text '--db FILE'
run "$program" --version
expect_code 0
expect_lines 1
expect_text 'longscope '

# Mistakes are told first, in one line.
run "$program" --fulscreen
expect_code 2
expect_lines 1
expect_text '--fulscreen (see --help)'
run "$program" --db
expect_code 2
expect_lines 1
expect_text '--db'

# No display, and displays that are not there: what to use instead, and no page of Qt's, no core dump.
run "$program" "$source_root/resources/experiments/prefix-2k.json"
expect_code 2
expect_lines 1
expect_text "longscope: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); 'longscope-engine --help'"
# A display with no number that a server could have.
for display in DISPLAY=:no-display QT_QPA_PLATFORM=no-platform; do
    run env "$display" "$program"
    expect_code 3
    expect_lines 1
    expect_text "longscope: $display: no window can be opened there; 'longscope-engine --help'"
done
run env WAYLAND_DISPLAY="$scratch/no-server" "$program"
expect_code 3
expect_lines 1
expect_text 'no window can be opened there'
finish
