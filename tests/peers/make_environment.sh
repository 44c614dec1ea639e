#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A Python environment with PyTorch and NumPy for the tests of the label peers, in a folder outside of the tree. A large
# download, from where pip is set up to look; PIP_INDEX_URL chooses builds without GPU libraries, which are smaller.
set -euo pipefail

folder=${1:-}
if [[ -z $folder ]]; then
    echo "usage: tests/peers/make_environment.sh FOLDER" >&2
    exit 2
fi
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [[ $folder/ == "$source_folder"/* ]]; then
    echo "make_environment.sh: $folder: is inside of the source tree; accepted: a folder outside" >&2
    exit 2
fi
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --upgrade numpy torch
"$folder/bin/python" -c 'import torch; print("PyTorch", torch.__version__)'
echo "LONGSCOPE_PEERS=$folder ctest --test-dir build/dev -L peers --output-on-failure"
