#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# xvfb_smoke_test.sh PROGRAM EXPERIMENT: the real program on a real (virtual) X display: the window appears, opens the
# experiment, ends when it is asked to, says nothing on the way, and comes back where it was. Seen from outside.
# shellcheck source=../style/expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../style/expect.sh"
program=$1 experiment=$2
skipped=77

for tool in Xvfb xwininfo; do
    command -v "$tool" >/dev/null || { printf 'skipped: needs %s\n' "$tool"; exit "$skipped"; }
done

# Nothing of the user's, and no Wayland that Qt could prefer.
unset WAYLAND_DISPLAY QT_QPA_PLATFORM QT_SCALE_FACTOR XDG_SESSION_TYPE
export HOME=$scratch XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_CACHE_HOME=$scratch/cache
export XDG_RUNTIME_DIR=$scratch/runtime
mkdir -m 700 "$XDG_RUNTIME_DIR"

# Xvfb takes a free number and tells it when it listens.
mkfifo "$scratch/number"
Xvfb -displayfd 4 -screen 0 1600x1000x24 -nolisten tcp -noreset 4>"$scratch/number" 2>"$scratch/server" &
server=$!
window_program=
finish_all() {
    if [[ -n $window_program ]]; then kill -KILL "$window_program" 2>/dev/null || true; fi
    kill "$server" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap finish_all EXIT
read -r number <"$scratch/number" || { printf 'FAILED: Xvfb did not start:\n'; cat "$scratch/server"; exit 1; }
export DISPLAY=:$number

# What the shell functions report with a failure.
look() { command_line=$1 code='' output=$({ xwininfo -root -tree; cat "$scratch/said"; } 2>&1); }

# Sets window to the one with this text in its title, once it can be seen.
await_window() {
    local title=$1
    window=
    # Ends with the window, with the program, or with the time limit of the test.
    while kill -0 "$window_program" 2>/dev/null; do
        window=$(xwininfo -root -tree | sed -n "s/^ *\(0x[0-9a-f]*\) \"[^\"]*${title}[^\"]*\": .*/\1/p" | head -n 1)
        if [[ -n $window && $(xwininfo -id "$window" 2>/dev/null) == *'Map State: IsViewable'* ]]; then return; fi
    done
    look "$program"
    failed "a window with '$title' in its title"
}

start() {
    "$program" "$@" >"$scratch/said" 2>&1 &
    window_program=$!
}

expect_end() {
    local wanted=$1 code=0
    wait "$window_program" || code=$?
    window_program=
    output=$(<"$scratch/said") command_line=$program
    [[ $code == "$wanted" ]] || failed "it ends with $wanted, not $code"
    [[ -z $output ]] || failed 'it says nothing on standard output and standard error'
}

start --db "$scratch/results.db" "$experiment"
name=$(basename "$experiment" .json)
await_window "$name"
if [[ -n $window ]]; then
    output=$(xwininfo -id "$window" -size -stats) command_line="xwininfo -id $window" code=''
    expect_text 'Class: InputOutput'
    expect_text 'Program supplied minimum size'
    kill -TERM "$window_program"
fi
expect_end 0
[[ -s $XDG_CONFIG_HOME/Longscope/longscope.ini ]] || failed 'where its panels were is stored'
if [[ -n $(find "$scratch" -name core -o -name 'core.*') ]]; then failed 'no core dump'; fi

# The terminal that it was started from goes away; without a file this time, and with the settings of before.
start --db "$scratch/results.db"
await_window ' - Longscope'
if [[ -n $window ]]; then kill -HUP "$window_program"; fi
expect_end 0

# A document that is not saved: the first signal asks what becomes of it, the second does not wait for the answer.
printf '100\n200\n' >"$scratch/lengths.txt"
start --db "$scratch/results.db" "$scratch/lengths.txt"
await_window '\* - Longscope'
if [[ -n $window ]]; then
    kill -TERM "$window_program"
    kill -HUP "$window_program"
fi
expect_end 130
finish
