#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# All shell scripts pass shellcheck, without a remark.
# shellcheck source=common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

if ! command -v shellcheck >/dev/null; then
    printf 'skipped: needs shellcheck\n'
    exit "$skipped"
fi
list_matching '\.sh$|^\.ci/run$' | tr '\n' '\0' | xargs -0 -r shellcheck
