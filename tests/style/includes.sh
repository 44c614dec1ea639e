#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No include points up: neither between the floors, nor inside the engine's order; Qt and MPI stay where they belong.
# shellcheck source=common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

list_matching '\.(h|hpp|cpp|cc)$' | tr '\n' '\0' | xargs -0 -r awk '
BEGIN {
    split("engine profiler storage widgets app", names, " ")
    for (i in names) floor[names[i]] = i + 0  # awk holds the index as text
    split("base tensor workload mask kernel cluster parallel trace execute simulate method draw experiment", names, " ")
    for (i in names) step[names[i]] = i + 0
}
function found(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }
function exists(path,   line, status) {
    if (!(path in known)) { status = (getline line < path); close(path); known[path] = status >= 0 }
    if (!known[path]) { status = (getline line < (path ".in")); close(path ".in"); known[path] = status >= 0 }
    return known[path]
}
FNR == 1 {
    parts = split(FILENAME, from, "/")
    if (from[1] == "engine" && parts > 2 && !(from[2] in step)) found("engine/" from[2] " has no place in the order of the engine")
}
!/^[ \t]*#[ \t]*include[ \t]*["<]/ { next }
{
    name = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
    quoted = substr(name, 1, 1) == "\""
    name = substr(name, 2)
    sub(/[">].*/, "", name)
    split(name, to, "/")

    if (quoted && !exists(name)) found("\"" name "\" is no file of the tree, seen from its root; libraries are included with <>")
    if (!quoted && (to[1] in floor) && exists(name)) found("<" name "> is a file of the tree; it is included with \"\"")
    if (from[1] != "tests" && quoted && to[1] == "tests") found("only tests may include " name)
    if ((from[1] in floor) && (to[1] in floor)) {
        if (floor[to[1]] > floor[from[1]]) found("points up from " from[1] " to " name)
        if (from[1] == "engine" && to[1] == "engine" && (from[2] in step) && (to[2] in step) && step[to[2]] > step[from[2]])
            found("points up from engine/" from[2] " to " name)
    }
    headless = from[1] == "engine" || from[1] == "profiler" || from[1] == "storage" || (from[1] == "app" && from[2] == "headless")
    if (headless && name ~ /^(Qt[A-Z][A-Za-z0-9]*(\/.*)?|Q[A-Z][A-Za-z0-9]*|q(t|object|widget|string|global)[a-z]*\.h)$/)
        found("<" name ">: no Qt here")
    if (from[1] == "app" && from[2] == "headless" && (to[1] == "widgets" || (to[1] == "app" && to[2] == "desktop")))
        found("the headless program may not include " name)
    if (name == "mpi.h" && FILENAME !~ /^(engine\/execute\/mpi|app\/headless\/worker|tests\/mpi\/)/)
        found("<mpi.h> belongs to engine/execute/mpi* and app/headless/worker* alone")
}' | report
