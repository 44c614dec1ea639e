// SPDX-License-Identifier: GPL-3.0-or-later
// Stores what a bench measured, where a result database was named.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "storage/bench_record.h"
#include "storage/database.h"

namespace longscope {

class BenchRecorder {
  public:
    // Before anything is measured, so that a file that cannot be written is refused at once. An empty `file`: nothing
    // will be stored. Throws Error.
    BenchRecorder(const std::string& kind, const std::string& file);

    // Says on standard error under which number. Throws Error(failed).
    void store(const Json& settings, std::vector<BenchRow> rows);

  private:
    BenchRecord record_;
    std::unique_ptr<Database> database_;
};

}  // namespace longscope
