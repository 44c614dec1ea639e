#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds fuzz targets with clang and libFuzzer. Usage: build.sh SOURCE_FOLDER BUILD_FOLDER COMPILER_LAUNCHER TARGET ...
# Ends with 77 where that cannot be.
set -euo pipefail
readonly cannot=77

source_folder=$1 build=$2 launcher=$3
shift 3

clang=$(command -v clang++ || true)
if [[ -z $clang ]]; then
    echo 'skipped: there is no clang++ here; on Debian it comes with clang and libclang-rt-14-dev'
    exit $cannot
fi
mkdir -p "$build"
if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    "$clang" -x c++ -fsanitize=fuzzer,address,undefined -o "$build/probe" - 2>"$build/probe.log"; then
    echo "skipped: $clang has no libFuzzer; on Debian it comes with libclang-rt-14-dev. It said:"
    head -n 5 "$build/probe.log"
    exit $cannot
fi
cd "$source_folder"
cmake --preset fuzz -B "$build" -DCMAKE_CXX_COMPILER="$clang" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher"
cmake --build "$build" -j "$(nproc)" --target "$@"
