#!/usr/bin/env bash
# Builds and tests Longscope.
set -euo pipefail
cd "$(dirname "$0")"
cmake --preset dev
cmake --build --preset dev
exec ctest --preset dev -j "$(nproc)"
