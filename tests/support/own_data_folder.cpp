// SPDX-License-Identifier: GPL-3.0-or-later
// Linked into every test program: what it and the processes that it starts keep for the user (results, and the tile
// sizes that are read from there) has a folder of the build. A result database is touched by reading it, too.
#include <stdlib.h>

#include "tests/support/paths.h"

namespace {

[[maybe_unused]] const int configured =
    setenv("XDG_DATA_HOME", LONGSCOPE_BINARY_DIR "/test-data", 1) + unsetenv("LONGSCOPE_DATA_FOLDER");

}  // namespace
