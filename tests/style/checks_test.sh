#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The checks of this folder find what they exist for, and accept what is right. The trees here are outside of git, so
# this shows too that the checks do without it. checks_test.sh COMPILER
# shellcheck source=expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/expect.sh"
compiler=$1
checks=$source_root/tests/style
licence='// SPDX-License-Identifier: GPL-3.0-or-later'

# A small tree that is right.
new_tree() {
    tree=$scratch/tree
    rm -rf "$tree"
    mkdir -p "$tree"/{engine/base,engine/mask,engine/execute,storage,app/headless,tests,build/dev}
    printf '%s\n// Units.\n#pragma once\n\n#include <queue>\n' "$licence" >"$tree/engine/base/units.h"
    printf '%s\n// Masks.\n#pragma once\n\n#include "engine/base/units.h"\n' "$licence" >"$tree/engine/mask/mask.h"
    printf '%s\n#include "engine/mask/mask.h"\n\n#include <vector>\n' "$licence" >"$tree/engine/mask/mask.cpp"
    printf '%s\n#include <mpi.h>\n' "$licence" >"$tree/engine/execute/mpi_communicator.cpp"
    printf '%s\n#include "engine/mask/mask.h"\n' "$licence" >"$tree/storage/database.cpp"
    printf 'not ours\n' >"$tree/build/dev/generated.h"
    printf '/build/\n' >"$tree/.gitignore"
    touch "$tree/README.md"
}

# add FILE LINE: one more line for a file of the tree.
add() { printf '%s\n' "$2" >>"$tree/$1"; }

# finds CHECK TEXT [ARGUMENT ...]: the check fails with this text.
finds() {
    run "$checks/$1.sh" "$tree" "${@:3}"
    expect_code 1
    expect_text "$2"
}

new_tree
for check in includes file_heads tree; do
    run "$checks/$check.sh" "$tree"
    expect_code 0
done

# Every pair of folders of the engine: down and level are right, up is not.
order=(base tensor workload mask kernel cluster parallel trace execute simulate method draw experiment)
new_tree
up=0
for from in "${!order[@]}"; do
    for to in "${!order[@]}"; do
        mkdir -p "$tree/engine/${order[to]}"
        printf '%s\n// Any.\n#pragma once\n' "$licence" >"$tree/engine/${order[to]}/any.h"
        printf '%s\n#include "engine/%s/any.h"\n' "$licence" "${order[to]}" >"$tree/engine/${order[from]}/to_${order[to]}.cpp"
        if ((to > from)); then up=$((up + 1)); fi
    done
done
run "$checks/includes.sh" "$tree"
expect_code 1
expect_lines $up
for from in "${!order[@]}"; do
    for to in "${order[@]:from+1}"; do
        expect_text "engine/${order[from]}/to_$to.cpp:2: points up from engine/${order[from]} to engine/$to/any.h"
    done
done

new_tree
add engine/base/units.h '#include "engine/mask/mask.h"'
finds includes 'engine/base/units.h:6: points up from engine/base to engine/mask/mask.h'
new_tree && add app/headless/x.h '' && add engine/mask/mask.cpp '#  include "app/headless/x.h"'
finds includes 'engine/mask/mask.cpp:5: points up from engine to app/headless/x.h'
new_tree && add engine/mask/mask.cpp '#include "mask.h"'
finds includes 'engine/mask/mask.cpp:5: "mask.h" is no file of the tree'
new_tree && add storage/database.cpp '#include <engine/mask/mask.h>'
finds includes 'storage/database.cpp:3: <engine/mask/mask.h> is a file of the tree'
new_tree && add tests/support.h '' && add storage/database.cpp '#include "tests/support.h"'
finds includes 'only tests may include tests/support.h'
for qt in QString QtCore/QString QtWidgets qglobal.h; do
    new_tree && add app/headless/main.cpp "#include <$qt>"
    finds includes "app/headless/main.cpp:1: <$qt>: no Qt here"
done
new_tree && add storage/database.cpp '#include <mpi.h>'
finds includes 'storage/database.cpp:3: <mpi.h> belongs to'
new_tree && mkdir "$tree/engine/extras" && add engine/extras/x.cpp "$licence"
finds includes 'engine/extras has no place in the order'

new_tree && sed -i 1d "$tree/storage/database.cpp"
finds file_heads 'storage/database.cpp:1: the first line is not the SPDX line'
new_tree && sed -i '/pragma/d' "$tree/engine/mask/mask.h"
finds file_heads 'engine/mask/mask.h:1: a header without #pragma once'
new_tree && sed -i '2d' "$tree/engine/base/units.h"
finds file_heads 'engine/base/units.h:2: the second line of a header says its purpose'
new_tree && sed -i '2s/.*/#include "engine\/base\/units.h"/' "$tree/engine/mask/mask.cpp"
finds file_heads 'engine/mask/mask.cpp:2: its own header, "engine/mask/mask.h", comes first'

new_tree && touch "$tree/notes.txt"
finds tree 'notes.txt:1: does not belong at the top level'
new_tree && mkdir "$tree/docs" && touch "$tree/docs/x"
finds tree 'docs:1: does not belong at the top level'
new_tree && head -c 200001 /dev/zero >"$tree/storage/large.bin"
finds tree 'storage/large.bin:1: 200001 bytes, more than 200000'

new_tree
run "$checks/headers_alone.sh" "$tree" "$compiler" -std=c++20
expect_code 0
new_tree && add engine/base/units.h 'inline std::string text();'
run "$checks/headers_alone.sh" "$tree" "$compiler" -std=c++20
[[ $code != 0 ]] || failed 'a header that needs another fails'
expect_text 'engine/base/units.h:1: does not compile alone'

if command -v clang-format-14 >/dev/null; then
    new_tree && cp "$source_root/.clang-format" "$tree/"
    run "$checks/format.sh" "$tree"
    expect_code 0
    add storage/database.cpp 'int  x ;'
    run "$checks/format.sh" "$tree"
    [[ $code != 0 ]] || failed 'a crooked line fails'
    expect_text 'storage/database.cpp:3'
fi

# A build of two programs, one with a window.
new_build() {
    new_tree
    mkdir -p "$tree/qt5/QtCore"
    touch "$tree/qt5/QtCore/qglobal.h"
    printf 'int main() {}\n' | tee "$tree/engine.cpp" >"$tree/window.cpp"
    cat >"$tree/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(two LANGUAGES CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
option(LONGSCOPE_DESKTOP "" ON)
add_executable(engine engine.cpp)
target_include_directories(engine PRIVATE qt5)
if(LONGSCOPE_DESKTOP)
  add_executable(window window.cpp)
endif()
END
}
# without_qt TEXT: what the check says of the program without a window; nothing is right.
without_qt() {
    run cmake -G Ninja -S "$tree" -B "$tree/build/dev" -DCMAKE_CXX_COMPILER="$compiler" --fresh
    run cmake --build "$tree/build/dev"
    expect_code 0
    if [[ -z $1 ]]; then
        run "$checks/without_qt.sh" "$tree" "$tree/build/dev" engine
        expect_code 0
        expect_no_text ' '
    else
        finds without_qt "$1" "$tree/build/dev" engine
    fi
}
new_build && without_qt ''
new_build && sed -i 's/^if(/if(LONGSCOPE_DESKTOP)\n target_compile_definitions(engine PRIVATE ICONS)\nendif()\n&/' "$tree/CMakeLists.txt"
without_qt 'only with Qt: '
new_build && add engine.cpp '#include <QtCore/qglobal.h>'
without_qt 'engine.cpp.o reads '
new_build && add CMakeLists.txt 'find_package(Qt5)' && add CMakeLists.txt 'if(NOT Qt5_FOUND)' &&
    add CMakeLists.txt 'message(FATAL_ERROR "no Qt")' && add CMakeLists.txt 'endif()'
mkdir -p "$tree/Qt" && printf 'set(Qt5_FOUND TRUE)\n' >"$tree/Qt/Qt5Config.cmake"
sed -i '2a set(Qt5_DIR ${CMAKE_SOURCE_DIR}/Qt)' "$tree/CMakeLists.txt"
without_qt 'does not configure without Qt'
new_build && sed -i 's/^if(/target_link_libraries(engine PRIVATE -Wl,--no-as-needed X11)\n&/' "$tree/CMakeLists.txt"
mkdir "$tree/x11" && "$compiler" -shared -o "$tree/x11/libX11.so" -Wl,-soname,libX11.so.6 -x c++ /dev/null
sed -i 's/^option/link_directories(${CMAKE_SOURCE_DIR}\/x11)\n&/' "$tree/CMakeLists.txt"
without_qt 'engine is linked with libX11.so.6'
new_build && without_qt '' && touch "$tree/engine.cpp" && rm "$tree/build/dev/bin/engine"
finds without_qt 'engine is not built' "$tree/build/dev" engine

# With git, what git does not track is nobody's business.
if command -v git >/dev/null; then
    new_tree
    git -C "$tree" init -q && git -C "$tree" add -A
    touch "$tree/notes.txt"
    run "$checks/tree.sh" "$tree"
    expect_code 0
    git -C "$tree" add notes.txt
    finds tree 'notes.txt:1: does not belong at the top level'
fi
finish
