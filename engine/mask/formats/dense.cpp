// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix itself, one byte a pair: the only format whose size grows with queries x keys.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/mask/formats/formats.h"
#include "engine/mask/mask_of_bits.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

namespace {

// Read in some ten seconds; a file can claim more than a disk holds.
constexpr std::int64_t max_pairs = std::int64_t{1} << 34;

// A bit for each of up to eight bytes, the first one lowest: 1 unless the byte is 0.
std::uint64_t bits_of_bytes(std::span<const std::byte> bytes) {
    std::uint64_t eight = 0;
    if (bytes.size() == sizeof eight) {
        std::memcpy(&eight, bytes.data(), sizeof eight);
    } else {
        std::memcpy(&eight, bytes.data(), bytes.size());
    }
    constexpr std::uint64_t low_seven = 0x7F7F'7F7F'7F7F'7F7F;
    const std::uint64_t high = (((eight & low_seven) + low_seven) | eight) & ~low_seven;
    // The product moves the bit of byte i to bit 56 + i.
    return (high >> 7U) * 0x0102'0408'1020'4080 >> 56U;
}

void fill_from_bytes(std::span<const std::byte> row, std::span<std::uint64_t> words) {
    constexpr std::size_t step = 8;
    for (std::size_t at = 0; at < row.size(); at += step) {
        const std::uint64_t bits = bits_of_bytes(row.subspan(at, std::min(step, row.size() - at)));
        words[at / 64] |= bits << at % 64;
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
    const auto keys = static_cast<std::size_t>(arrays.key_tokens);
    const auto width = static_cast<std::size_t>(words_of(arrays.key_tokens));
    const auto fill = [&](Range rows, std::span<std::uint64_t> words) {
        auto query = static_cast<std::size_t>(rows.begin);
        for (std::size_t first = 0; first < words.size(); first += width, ++query) {
            fill_from_bytes(cells.bytes().subspan(query * keys, keys), words.subspan(first, width));
        }
    };
    return mask_of_bits(arrays.query_tokens, arrays.key_tokens, fill, arrays.field("mask"));
}

}  // namespace longscope
