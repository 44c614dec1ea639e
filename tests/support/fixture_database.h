// SPDX-License-Identifier: GPL-3.0-or-later
// Two real runs of a small experiment, over 2 and 3 ranks, as a database of the newest revision.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

#include "engine/base/bounded_file.h"
#include "storage/database.h"
#include "tests/support/paths.h"

namespace longscope {

inline void make_fixture_database(const std::filesystem::path& file) {
    {
        SQLite::Database old(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        old.exec(read_bounded_file(LONGSCOPE_SOURCE_DIR "/tests/storage/fixtures/revision-1.sql", 200'000));
    }
    const Database migrated(file, OpenMode::create_or_open);
}

}  // namespace longscope
