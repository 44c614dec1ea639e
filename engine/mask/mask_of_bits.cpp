// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask_of_bits.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/bitmap_mask.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

// Bits in a small part of a large matrix: most of what an operator over them would look at are zones.
constexpr std::int64_t words_a_kept_one = 16;

// The zones of all rows; nothing where they are more.
std::optional<ZoneList> zones_of_bits(std::int64_t query_tokens, std::int64_t key_tokens, const FillBits& fill,
                                      std::int64_t most_zones, const std::string& field) {
    ZoneGatherer gatherer(field);
    const auto width = static_cast<std::size_t>(words_of(key_tokens));
    std::vector<std::uint64_t> words;
    std::vector<Range> runs;
    for (std::int64_t begin = 0; begin < query_tokens; begin += bitmap_block) {
        const Range rows{begin, std::min(begin + bitmap_block, query_tokens)};
        words.assign(static_cast<std::size_t>(rows.size()) * width, 0);
        fill(rows, words);
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            runs.clear();
            const auto first = static_cast<std::size_t>(row - rows.begin) * width;
            append_bit_runs(std::span(words).subspan(first, width), 0, runs);
            // At the most, of which the gatherer takes no more.
            if (gatherer.zones() + runs.size() > max_gathered_zones) {
                return std::nullopt;
            }
            gatherer.add(row, runs);
            if (static_cast<std::int64_t>(gatherer.zones()) > most_zones) {
                return std::nullopt;
            }
        }
    }
    return gatherer.finish();
}

void flip(std::span<std::uint64_t> words, std::int64_t key_tokens) {
    const auto width = static_cast<std::size_t>(words_of(key_tokens));
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = ~words[i] & bits_of_word(static_cast<std::int64_t>(i % width), {0, key_tokens});
    }
}

// The bits of what the operation keeps of some rows.
class Evaluation {
  public:
    Evaluation(Range rows, std::int64_t key_tokens)
        : rows_(rows), key_tokens_(key_tokens), width_(static_cast<std::size_t>(words_of(key_tokens))) {}

    // `words` are 0.
    void fill(const MaskOperation& node, std::span<std::uint64_t> words) {
        if (node.kind == MaskOperation::Kind::mask) {
            for (std::int64_t row = rows_.begin; row < rows_.end; ++row) {
                const auto first = static_cast<std::size_t>(row - rows_.begin) * width_;
                add_row_bits(*node.mask, row, words.subspan(first, width_), runs_);
            }
            return;
        }
        fill(node.operands.front(), words);
        if (node.kind == MaskOperation::Kind::complement) {
            flip(words, key_tokens_);
            return;
        }
        std::vector<std::uint64_t> other;
        for (std::size_t operand = 1; operand < node.operands.size(); ++operand) {
            other.assign(words.size(), 0);
            fill(node.operands[operand], other);
            for (std::size_t i = 0; i < words.size(); ++i) {
                words[i] = node.kind == MaskOperation::Kind::all_of ? words[i] & other[i] : words[i] | other[i];
            }
        }
    }

  private:
    Range rows_;
    std::int64_t key_tokens_;
    std::size_t width_;
    std::vector<Range> runs_;
};

}  // namespace

std::unique_ptr<Mask> mask_of_bits(std::int64_t query_tokens, std::int64_t key_tokens, const FillBits& fill,
                                   const std::string& field, std::int64_t most_bits) {
    std::optional<BitmapRows> bits = bitmap_rows(query_tokens, key_tokens, fill, bitmap_bytes(most_bits));
    const std::int64_t most_zones =
        bits ? std::max(bits->bytes() / bytes_a_zone, few_zones) : static_cast<std::int64_t>(max_gathered_zones);
    if (std::optional<ZoneList> zones = zones_of_bits(query_tokens, key_tokens, fill, most_zones, field)) {
        return mask_of_zones(query_tokens, key_tokens, std::move(*zones));
    }
    if (!bits) {
        throw bad_input(field, fmt::format("a mask of {} queries and {} keys", query_tokens, key_tokens),
                        "is too large",
                        fmt::format("at most {} of bits in blocks that are kept in part, or {} separate ranges of keys",
                                    format_bytes(most_bits / 8), format_count(max_gathered_zones)));
    }
    return std::make_unique<BitmapMask>(std::make_shared<const BitmapRows>(std::move(*bits)));
}

std::int64_t bytes_of_bits(const Mask& mask) {
    const BitmapMask* bitmap = bitmap_of(mask);
    return bitmap == nullptr ? 0 : bitmap->bits()->bytes();
}

std::int64_t bytes_of_bits(const ZoneTree& tree) {
    std::int64_t bytes = tree.kind == ZoneTree::Kind::mask ? bytes_of_bits(*tree.place.mask) : 0;
    for (const ZoneTree& operand : tree.operands) {
        bytes += bytes_of_bits(operand);
    }
    return bytes;
}

std::unique_ptr<Mask> mask_of_bits(const MaskOperation& operation, const Box& matrix, std::int64_t operand_bytes) {
    if (operation.kind == MaskOperation::Kind::mask) {
        if (const BitmapMask* bitmap = bitmap_of(*operation.mask)) {
            return std::make_unique<BitmapMask>(bitmap->bits());
        }
    }
    const bool few = bitmap_bytes(matrix.pairs()) / words_a_kept_one > operand_bytes;
    if (!fits_as_bits(matrix.q.size(), matrix.k.size()) || few || operand_bytes == 0) {
        return nullptr;
    }
    const auto fill = [&](Range rows, std::span<std::uint64_t> words) {
        Evaluation(rows, matrix.k.size()).fill(operation, words);
    };
    std::optional<BitmapRows> kept = bitmap_rows(matrix.q.size(), matrix.k.size(), fill, INT64_MAX);
    return std::make_unique<BitmapMask>(std::make_shared<const BitmapRows>(std::move(*kept)));
}

}  // namespace longscope
