// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/repetition_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "storage/run_statistics.h"

namespace longscope {

const StoredDraw& find_draw(const StoredRun& run, std::int64_t number) {
    const auto found = std::find_if(run.draws.begin(), run.draws.end(),
                                    [&](const StoredDraw& draw) { return draw.record.index == number; });
    if (found != run.draws.end()) {
        return *found;
    }
    if (run.draws.empty()) {
        throw failed(fmt::format("run {} has no draws", run.id));
    }
    throw bad_input("--draw", std::to_string(number), fmt::format("is not in run {}", run.id),
                    fmt::format("{} to {}", run.draws.front().record.index, run.draws.back().record.index));
}

const StoredRepetition& find_repetition(const StoredDraw& draw, std::optional<std::int64_t> number) {
    const StoredRepetition* typical = typical_repetition(draw);
    if (typical == nullptr) {
        throw failed(fmt::format("draw {} has no measured repetition", draw.record.index));
    }
    if (!number) {
        return *typical;
    }
    const auto found = std::find_if(draw.repetitions.begin(), draw.repetitions.end(), [&](const StoredRepetition& r) {
        return r.record.measured && r.record.index == *number;
    });
    if (found == draw.repetitions.end()) {
        throw bad_input("--repetition", std::to_string(*number),
                        fmt::format("is not among the measured ones of draw {}", draw.record.index),
                        fmt::format("0 to {}", measured_durations_ns(draw).size() - 1));
    }
    return *found;
}

}  // namespace longscope
