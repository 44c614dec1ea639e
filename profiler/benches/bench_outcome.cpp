// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/benches/bench_outcome.h"

#include <vector>

#include "engine/base/registry.h"

namespace longscope {

namespace {

struct OutcomeWord {
    std::string_view name;
    BenchOutcome outcome;
};

const std::vector<OutcomeWord>& outcome_words() {
    static const std::vector<OutcomeWord> words{
        {"measured", BenchOutcome::measured},
        {"wrong", BenchOutcome::wrong},
        {"unsupported", BenchOutcome::unsupported},
        {"failed", BenchOutcome::failed},
    };
    return words;
}

}  // namespace

std::string_view to_string(BenchOutcome outcome) {
    return outcome_words().at(static_cast<std::size_t>(outcome)).name;
}

BenchOutcome bench_outcome_from_string(std::string_view text, std::string_view field) {
    return find_entry(outcome_words(), text, field, "an outcome").outcome;
}

}  // namespace longscope
