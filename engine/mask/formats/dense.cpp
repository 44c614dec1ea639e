// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix itself, one byte a pair: the only format whose size grows with queries x keys.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/mask/formats/formats.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_gatherer.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

namespace {

// Read in some ten seconds; a file can claim more than a disk holds.
constexpr std::int64_t max_pairs = std::int64_t{1} << 34;

// Replaces `runs` by the ranges of `row` that hold ones; any other value than 0 and 1 is one too.
void runs_of_bytes(std::span<const std::byte> row, std::vector<Range>& runs) {
    runs.clear();
    const auto size = static_cast<std::int64_t>(row.size());
    const auto* bytes = reinterpret_cast<const unsigned char*>(row.data());
    std::int64_t at = 0;
    while (at < size) {
        while (at < size && bytes[at] == 0) {
            ++at;
        }
        const std::int64_t begin = at;
        while (at < size && bytes[at] != 0) {
            ++at;
        }
        if (at > begin) {
            runs.push_back({begin, at});
        }
    }
}

}  // namespace

MaskArrays write_dense(const Mask& mask, const FormatOptions& options) {
    const std::int64_t pairs = mask.box().pairs();
    require_budget("a dense mask", pairs, options);
    std::vector<std::uint8_t> cells(static_cast<std::size_t>(pairs), 0);
    std::vector<Range> runs;
    for (std::int64_t query = 0; query < mask.query_tokens(); ++query) {
        mask.row_runs(query, runs);
        const auto row = cells.begin() + query * mask.key_tokens();
        for (const Range run : runs) {
            std::fill(row + run.begin, row + run.end, std::uint8_t{1});
        }
    }
    MaskArrays arrays{"dense", mask.query_tokens(), mask.key_tokens(), {}, {}, {}, ""};
    arrays.arrays["mask"] = {{mask.query_tokens(), mask.key_tokens()}, std::move(cells), IntegerType::boolean};
    return arrays;
}

std::unique_ptr<Mask> read_dense(const MaskArrays& arrays, const Mask* /*companion*/) {
    const IntegerArray& cells = arrays.array("mask");
    if (cells.shape() != std::vector<std::int64_t>{arrays.query_tokens, arrays.key_tokens}) {
        throw bad_input(arrays.field("mask"), shape_text(cells.shape()), "is not the shape of the mask",
                        shape_text({arrays.query_tokens, arrays.key_tokens}));
    }
    if (cells.type() != IntegerType::boolean && cells.type() != IntegerType::uint8) {
        throw bad_input(arrays.field("mask"), "elements of more than a byte", "are no truth values", "bool, uint8");
    }
    if (cells.size() > max_pairs) {
        throw bad_input(arrays.field("mask"), shape_text(cells.shape()), "is too large",
                        fmt::format("at most {} pairs", max_pairs));
    }
    ZoneGatherer gatherer(arrays.field("mask"));
    std::vector<Range> runs;
    for (std::int64_t query = 0; query < arrays.query_tokens; ++query) {
        runs_of_bytes(cells.bytes().subspan(static_cast<std::size_t>(query * arrays.key_tokens),
                                            static_cast<std::size_t>(arrays.key_tokens)),
                      runs);
        gatherer.add(query, runs);
    }
    return mask_of_zones(arrays.query_tokens, arrays.key_tokens, gatherer.finish());
}

}  // namespace longscope
