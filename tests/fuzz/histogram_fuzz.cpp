// SPDX-License-Identifier: GPL-3.0-or-later
// Histograms of lengths, as they stand in an experiment.
#include <nlohmann/json.hpp>

#include "engine/workload/length_file.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/lengths_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace longscope;
    (void)fuzz::accepts([&] {
        const LengthSource source = parse_histogram(parse_json(fuzz::text_of(data, size), "input"), "input");
        fuzz::require_draws_well(source);
        const Json written = to_json(source.bins());
        const LengthSource again = parse_histogram(parse_json(written.dump(), "written"), "written");
        fuzz::require(again.bins() == source.bins(), "what was written reads back the same");
    });
    return 0;
}
