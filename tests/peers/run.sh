#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh SCRIPT ENGINE [more arguments of it]: in the environment of LONGSCOPE_PEERS; 77 (skipped) without one.
set -euo pipefail

python=${LONGSCOPE_PEERS:-}/bin/python
if [[ ! -x $python ]]; then
    echo "skipped: LONGSCOPE_PEERS names no Python environment; tests/peers/make_environment.sh FOLDER makes one"
    exit 77
fi
exec "$python" "$(dirname "$0")/$1" "${@:2}"
