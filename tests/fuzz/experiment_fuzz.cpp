// SPDX-License-Identifier: GPL-3.0-or-later
// Experiments. Lengths files are left out: lengths_fuzz reads them, and this one should not read files of the machine.
#include <nlohmann/json.hpp>

#include "engine/experiment/experiment.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"

namespace {

using namespace longscope;

// A sequence of as many documents as are allowed takes a second under sanitizers, whatever else the document says.
bool is_bounded(const Json& document) {
    const auto field = [](const Json& value, const char* name) {
        return value.is_object() && value.contains(name) ? value[name] : Json();
    };
    constexpr std::int64_t many_tokens = 1 << 16;
    const Json sequence = field(document, "sequence");
    const Json tokens = field(sequence, "tokens");
    const Json lengths = field(sequence, "lengths");
    const bool long_sequence = tokens.is_number() && tokens.get<double>() > static_cast<double>(many_tokens);
    return field(lengths, "file").is_null() && (field(lengths, "histogram").is_null() || !long_sequence);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const ExperimentNames names{{"ring", "ulysses"}, {"contiguous", "zigzag"}, {"cpu", "opencl", "reference"}};
    (void)fuzz::accepts([&] {
        const Json document = parse_json(fuzz::text_of(data, size), "input");
        if (!is_bounded(document)) {
            return;
        }
        const Experiment experiment = parse_experiment(document, "", names);
        const Json written = to_json(experiment);
        fuzz::require(parse_experiment(parse_json(written.dump(), "written"), "", names) == experiment,
                      "what was written reads back the same");
        fuzz::require(
            domain_of_draw(experiment, experiment.sequence.draws - 1).key_tokens == experiment.sequence.tokens,
            "documents fill their sequence");
    });
    return 0;
}
