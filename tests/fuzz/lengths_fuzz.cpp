// SPDX-License-Identifier: GPL-3.0-or-later
// Files of document lengths, which are lists or histograms.
#include "engine/workload/length_file.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/lengths_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace longscope;
    const std::string_view text = fuzz::text_of(data, size);
    (void)fuzz::accepts([&] {
        const LengthSource source = parse_lengths(text, "input");
        fuzz::require_draws_well(source);
        if (source.kind() == LengthSource::Kind::list) {
            fuzz::require(source.lengths().size() <= size, "a length takes a byte at least");
        }
    });
    return 0;
}
