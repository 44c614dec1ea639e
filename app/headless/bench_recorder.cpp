// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/bench_recorder.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "engine/base/clock.h"
#include "engine/base/version.h"
#include "profiler/environment.h"
#include "storage/bench_store.h"

namespace longscope {

BenchRecorder::BenchRecorder(const std::string& kind, const std::string& file) {
    record_.kind = kind;
    record_.started_utc = utc_now_text();
    if (!file.empty()) {
        database_ = std::make_unique<Database>(file, OpenMode::create_or_open);
        for (const std::string& notice : database_->notices()) {
            write_note(notice);
        }
    }
}

void BenchRecorder::store(const Json& settings, std::vector<BenchRow> rows) {
    if (database_ == nullptr) {
        return;
    }
    const MachineFacts machine = machine_facts();
    record_.environment = environment_json(machine, "").dump();
    record_.version = fmt::format("{} {}", version_text(), revision_text());
    record_.command_line = own_command_line();
    record_.host = machine.host;
    record_.ended_utc = utc_now_text();
    record_.settings = settings.dump();
    record_.rows = std::move(rows);
    write_note(fmt::format("stored as bench:{} in {}", store_bench(*database_, record_), database_->path().string()));
}

}  // namespace longscope
