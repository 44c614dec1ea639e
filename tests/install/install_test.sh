#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# install_test.sh BUILD_FOLDER LAUNCHER [desktop]: what 'cmake --install' leaves works where it is put, and still does
# when all of it is moved. LAUNCHER is mpirun where the MPI worker is built, threads elsewhere.
# shellcheck source=../style/expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../style/expect.sh"
build=$1 launcher=$2 desktop=${3:-}
id=org.longscope.Longscope

first="$scratch/first place" moved="$scratch/moved"
run cmake --install "$build" --prefix "$first"
expect_code 0
mv "$first" "$moved"
# Beside a link to it, as a user puts one on the path.
ln -s "$moved/bin/longscope-engine" "$scratch/engine"

expect_file() { [[ -f $moved/$1 ]] || failed "there is a file $1"; }
expect_file bin/longscope-engine
expect_file share/longscope/docs/experiment.md
expect_file share/longscope/docs/pictures/window.png
expect_file share/longscope/lengths/mixed-documents.json
expect_file share/longscope/schemas/experiment-1.schema.json
[[ $launcher != mpirun ]] || expect_file bin/longscope-worker
if [[ $desktop == desktop ]]; then
    expect_file bin/longscope
    expect_file "share/applications/$id.desktop"
    expect_file "share/metainfo/$id.metainfo.xml"
    expect_file "share/icons/hicolor/scalable/apps/$id.svg"
fi
# Nothing else, and nothing that only building needs.
run find "$moved" -type f -not -path '*/share/longscope/*' -not -path '*/share/doc/longscope/*' \
    -not -name 'longscope*' -not -name "$id.*"
[[ -z $output ]] || failed 'nothing else is installed'
run find "$moved" -name '*.sql' -o -name '*.a' -o -name 'CMakeLists.txt'
[[ -z $output ]] || failed 'nothing is installed that only building needs'

run "$scratch/engine" run --help
expect_code 0
expect_text "$(readlink -f "$moved")/share/longscope/docs/experiment.md"

# An experiment of the installation, whose lengths lie beside it.
run "$scratch/engine" run "$moved/share/longscope/experiments/prefix-2k.json" --ranks 2 --launcher "$launcher" \
    --db "$scratch/results.db"
expect_code 0
run "$scratch/engine" db show last --db "$scratch/results.db"
expect_code 0
expect_text 'prefix-2k'
run "$scratch/engine" mask stats "$moved/share/longscope/experiments/documents-64k-zigzag.json"
expect_code 0
finish
