// SPDX-License-Identifier: GPL-3.0-or-later
// The record of a sweep beside its runs: which combinations there are, and which run measured each. Every run of the
// sweep names it among its files, so that the group can be found from any of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/headless/sweep/sweep_plan.h"
#include "storage/run_store.h"

namespace longscope {

class SweepFile {
  public:
    // In the folder of the database's runs; nothing is written yet. The same combinations of the same experiment have
    // the same file, so that a sweep that goes on writes on.
    SweepFile(const std::filesystem::path& runs_folder, const std::vector<SweepPoint>& points);

    [[nodiscard]] const std::string& id() const { return id_; }  // sixteen hexadecimal digits
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    // Writes all points, and tells the run of `point` of the file. Throws Error(failed).
    void write(const std::vector<SweepPoint>& points) const;
    void join(const SweepPoint& point, Database& database, RunStore& store) const;

  private:
    std::string id_;
    std::filesystem::path path_;
};

// The case of each axis as an object: {"layout.ranks": 2}.
[[nodiscard]] Json names_json(const Combination& names);

}  // namespace longscope
