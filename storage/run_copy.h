// SPDX-License-Identifier: GPL-3.0-or-later
// Runs and benches from one database into another: merging of files, and smaller files with some of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/database.h"

namespace longscope {

struct MergeReport {
    std::int64_t added = 0;
    std::int64_t duplicates = 0;  // the same run with the same content was there already
    std::int64_t unfinished = 0;  // queued or running: left out
    std::int64_t added_benches = 0;
    std::int64_t duplicate_benches = 0;
};

// Adds the runs and benches of `from` that `into` lacks, all or none of them. They keep their uuids and get new
// numbers. They are read through the types that they are written with, so that nothing comes along that does not
// belong. Throws Error(bad_input) that names them when a uuid stands for different content in the two files.
MergeReport merge_runs(Database& into, Database& from, const std::function<void(double)>& progress = {});

// A new database at `path` with some runs and benches of `from` and all that belongs to them; one file, without a
// write-ahead log beside it. The file appears whole or not at all. Throws Error.
void write_subset(Database& from, const std::vector<std::int64_t>& runs, const std::vector<std::int64_t>& benches,
                  const std::filesystem::path& path);

}  // namespace longscope
