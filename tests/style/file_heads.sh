#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every C++ file begins with its licence; headers say their purpose next, and are included once. A source file with a
# header of its own includes it first, so that its compilation shows that the header stands alone.
# shellcheck source=common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

list_matching '\.(h|cpp)(\.in)?$' | tr '\n' '\0' | xargs -0 -r awk '
function found(line, what) { printf "%s:%d: %s\n", file, line, what }
function exists(path,   line, status) { status = (getline line < path); close(path); return status >= 0 }
function finish() {
    if (file ~ /\.h$/ && !once && file !~ /-inl\.h$/) found(1, "a header without #pragma once")
    if (file ~ /-inl\.h$/ && !once && !toggle) found(1, "neither #pragma once nor HWY_TARGET_TOGGLE")
    if (file ~ /\.cpp$/) {
        own = file
        sub(/\.cpp$/, ".h", own)
        if (first != own && exists(own)) found(first_line ? first_line : 1, "its own header, \"" own "\", comes first")
    }
}
FNR == 1 {
    if (file) finish()
    file = FILENAME; once = 0; toggle = 0; first = ""; first_line = 0
    if ($0 != "// SPDX-License-Identifier: GPL-3.0-or-later") found(1, "the first line is not the SPDX line")
}
FNR == 2 && /^$/ { next }
FNR == 2 && file ~ /\.h$/ && !/^\/\/ / { found(2, "the second line of a header says its purpose") }
/^#pragma once$/ { once = 1 }
/HWY_TARGET_TOGGLE/ { toggle = 1 }
/^#include "/ && !first_line { first = $2; gsub(/"/, "", first); first_line = FNR }
END { if (file) finish() }' | report
