#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# All C++ files are laid out as .clang-format says. Versions of clang-format differ in details; ours is 14 (Debian 12).
# shellcheck source=common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

tool=$(command -v clang-format-14 || command -v clang-format || true)
version=$([[ -z $tool ]] || "$tool" --version)
if [[ ! $version =~ version\ 14\. ]]; then
    printf 'skipped: needs clang-format 14, found %s\n' "${version:-none}"
    exit "$skipped"
fi
list_matching '\.(h|cpp)$' | tr '\n' '\0' | xargs -0 -r -n 16 -P "$(nproc)" "$tool" --dry-run -Werror 2>&1
