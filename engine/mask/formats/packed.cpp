// SPDX-License-Identifier: GPL-3.0-or-later
// FlashInfer's packed custom mask: the matrix of each request flattened row by row, one bit a pair, from the lowest bit
// of a byte on; each request begins with a byte of its own, at mask_indptr. Queries see no keys of other requests.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/base/error.h"
#include "engine/mask/formats/cumulative.h"
#include "engine/mask/formats/formats.h"
#include "engine/mask/mask_of_bits.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

constexpr std::int64_t max_pairs = std::int64_t{1} << 36;
constexpr std::int64_t bits_a_byte = 8;

std::int64_t bytes_of(std::int64_t bits) {
    return (bits + bits_a_byte - 1) / bits_a_byte;
}

// Whether no query sees a key of another document.
bool lies_in_documents(const Mask& mask, const std::vector<std::int64_t>& cu_seqlens) {
    std::int64_t pairs = 0;
    for (std::size_t i = 0; i + 1 < cu_seqlens.size(); ++i) {
        const Range document{cu_seqlens[i], cu_seqlens[i + 1]};
        pairs += mask.pairs_in({document, document});
    }
    return pairs == mask.pairs();
}

void set_bits(std::vector<std::uint8_t>& bytes, Range bits) {
    for (std::int64_t bit = bits.begin; bit < bits.end; ++bit) {
        const auto byte = static_cast<std::size_t>(bit / bits_a_byte);
        if (bit % bits_a_byte == 0 && bit + bits_a_byte <= bits.end) {
            bytes[byte] = 0xFF;
            bit += bits_a_byte - 1;
        } else {
            bytes[byte] = static_cast<std::uint8_t>(bytes[byte] | 1U << static_cast<unsigned>(bit % bits_a_byte));
        }
    }
}

// Adds the bits of a range of them to words, from bit `to` on.
void add_bits(std::span<const std::byte> bytes, Range bits, std::int64_t to, std::span<std::uint64_t> words) {
    while (!bits.empty()) {
        // Those that are left in a byte here and in a word there.
        const std::int64_t in_byte = bits.begin % bits_a_byte;
        const std::int64_t count = std::min({bits_a_byte - in_byte, bits_a_word - to % bits_a_word, bits.size()});
        const auto byte = std::to_integer<std::uint64_t>(bytes[static_cast<std::size_t>(bits.begin / bits_a_byte)]);
        words[static_cast<std::size_t>(to / bits_a_word)] |= (byte >> static_cast<unsigned>(in_byte) & low_bits(count))
                                                             << static_cast<unsigned>(to % bits_a_word);
        bits.begin += count;
        to += count;
    }
}

}  // namespace

MaskArrays write_packed(const Mask& mask, const FormatOptions& options) {
    std::vector<std::int64_t> q{0, mask.query_tokens()};
    std::vector<std::int64_t> k{0, mask.key_tokens()};
    if (options.cu_seqlens.size() > 2 && lies_in_documents(mask, options.cu_seqlens)) {
        q = k = options.cu_seqlens;
    }
    std::vector<std::int64_t> starts{0};
    for (std::size_t i = 0; i + 1 < q.size(); ++i) {
        starts.push_back(starts.back() + bytes_of((q[i + 1] - q[i]) * (k[i + 1] - k[i])));
    }
    require_budget("a packed mask", starts.back(), options);
    if (starts.back() > std::numeric_limits<std::int32_t>::max()) {
        throw does_not_fit("packed", fmt::format("a mask of {} bytes", starts.back()),
                           "masks whose bytes a mask_indptr of int32 can count");
    }
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(starts.back()), 0);
    std::vector<Range> runs;
    for (std::size_t i = 0; i + 1 < q.size(); ++i) {
        for (std::int64_t query = q[i]; query < q[i + 1]; ++query) {
            const std::int64_t first_bit = starts[i] * bits_a_byte + (query - q[i]) * (k[i + 1] - k[i]) - k[i];
            mask.row_runs(query, runs);
            for (const Range run : runs) {
                set_bits(bytes, {first_bit + run.begin, first_bit + run.end});
            }
        }
    }
    MaskArrays arrays{"packed", mask.query_tokens(), mask.key_tokens(), {}, {}, {}, ""};
    arrays.arrays["packed_custom_mask"] = {{starts.back()}, std::move(bytes), IntegerType::uint8};
    arrays.arrays["mask_indptr"] = cumulative_array(starts);
    arrays.arrays["qo_indptr"] = cumulative_array(q);
    arrays.arrays["kv_indptr"] = cumulative_array(k);
    return arrays;
}

std::unique_ptr<Mask> read_packed(const MaskArrays& arrays, const Mask* /*companion*/) {
    const IntegerArray& packed = arrays.list("packed_custom_mask");
    if (packed.type() != IntegerType::uint8) {
        throw bad_input(arrays.field("packed_custom_mask"), "elements of another type", "are no packed bits", "uint8");
    }
    const std::vector<std::int64_t> q = read_cumulative(arrays, "qo_indptr", arrays.query_tokens);
    const std::vector<std::int64_t> k = read_cumulative(arrays, "kv_indptr", arrays.key_tokens);
    const std::vector<std::int64_t> starts = read_cumulative(arrays, "mask_indptr", packed.size());
    if (q.size() != k.size() || starts.size() != q.size()) {
        throw bad_input(arrays.field("mask_indptr"), fmt::format("{} numbers", starts.size()),
                        "are not as many as in qo_indptr and kv_indptr", fmt::format("{} in all three", q.size()));
    }
    std::int64_t pairs = 0;
    for (std::size_t i = 0; i + 1 < q.size(); ++i) {
        const std::int64_t keys = k[i + 1] - k[i];
        const std::int64_t bits = (q[i + 1] - q[i]) * keys;
        pairs += bits;
        if (starts[i + 1] - starts[i] != bytes_of(bits) || pairs > max_pairs) {
            throw bad_input(fmt::format("{}[{}]", arrays.field("mask_indptr"), i + 1), std::to_string(starts[i + 1]),
                            fmt::format("does not fit {} queries and {} keys", q[i + 1] - q[i], keys),
                            fmt::format("{}, and at most {} pairs in all", starts[i] + bytes_of(bits), max_pairs));
        }
    }
    const auto add_row = [&](std::size_t i, std::int64_t query, std::int64_t to, std::span<std::uint64_t> words) {
        const std::int64_t keys = k[i + 1] - k[i];
        const std::int64_t first_bit = starts[i] * bits_a_byte + (query - q[i]) * keys;
        add_bits(packed.bytes(), {first_bit, first_bit + keys}, to, words);
    };
    const std::string field = arrays.field("packed_custom_mask");
    if (fits_as_bits(arrays.query_tokens, arrays.key_tokens)) {
        const auto width = static_cast<std::size_t>(words_of(arrays.key_tokens));
        const auto fill = [&](Range rows, std::span<std::uint64_t> words) {
            auto i = static_cast<std::size_t>(std::upper_bound(q.begin(), q.end(), rows.begin) - q.begin()) - 1;
            for (std::int64_t query = rows.begin; query < rows.end; ++query) {
                while (q[i + 1] <= query) {
                    ++i;
                }
                add_row(i, query, k[i], words.subspan(static_cast<std::size_t>(query - rows.begin) * width, width));
            }
        };
        return mask_of_bits(arrays.query_tokens, arrays.key_tokens, fill, field);
    }
    // Rows as long as all requests together would be much longer than what the requests hold.
    ZoneGatherer gatherer(field);
    std::vector<std::uint64_t> words;
    std::vector<Range> runs;
    for (std::size_t i = 0; i + 1 < q.size(); ++i) {
        for (std::int64_t query = q[i]; query < q[i + 1]; ++query) {
            words.assign(static_cast<std::size_t>(words_of(k[i + 1] - k[i])), 0);
            add_row(i, query, 0, words);
            runs.clear();
            append_bit_runs(words, k[i], runs);
            gatherer.add(query, runs);
        }
    }
    return mask_of_zones(arrays.query_tokens, arrays.key_tokens, gatherer.finish());
}

}  // namespace longscope
