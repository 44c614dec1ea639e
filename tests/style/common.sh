# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the checks of the sources share. Each check is a script CHECK.sh [ROOT]; it prints one line for each finding,
# "file:line: what", and ends with 0 (nothing found), 1 (findings) or 77 (cannot be checked here).
set -euo pipefail
# shellcheck disable=SC2034  # for the scripts that source this
skipped=77

root=${1:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..}
cd "$root"

# The files of the tree, one a line: what git tracks; without git or its folder, everything that is not built.
# Continuous integration may check out as another user, which git would refuse without safe.directory.
list_files() {
    local top
    top=$(git -c safe.directory='*' rev-parse --show-toplevel 2>/dev/null || true)
    if [[ -n $top && $top -ef . ]]; then
        git -c safe.directory='*' -c core.quotePath=off ls-files
    else
        find . \( -path ./.git -o -path './build*' -o -path ./.cache \) -prune -o -type f ! -name '*.db*' -printf '%P\n'
    fi | while IFS= read -r file; do if [[ -f $file ]]; then printf '%s\n' "$file"; fi; done | LC_ALL=C sort
}

# The files whose names match an extended regular expression.
list_matching() { list_files | grep -E "$1" || true; }

# Ends a check: findings come on standard input.
report() {
    local findings
    findings=$(cat)
    [[ -z $findings ]] && exit 0
    printf '%s\n' "$findings"
    exit 1
}
