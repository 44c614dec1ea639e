// SPDX-License-Identifier: GPL-3.0-or-later
// Cells over several blocks of 64 x 64, some of them without a pair, some with all, the rest at random; and the same
// as a mask of bits.
#pragma once

#include <rapidcheck.h>

#include <memory>
#include <ostream>
#include <vector>

#include "engine/base/random.h"
#include "engine/mask/bitmap_mask.h"
#include "tests/support/brute_force_mask.h"
#include "tests/support/mask_generators.h"

namespace longscope {

struct BitmapCase {
    std::int64_t query_tokens = 1;
    std::int64_t key_tokens = 1;
    std::uint64_t seed = 0;

    [[nodiscard]] MaskDomain domain() const { return {query_tokens, key_tokens, {}}; }

    // Row by row. Every block draws how many of eight cells it keeps: none, all, or some.
    [[nodiscard]] std::vector<bool> cells() const {
        std::vector<bool> all;
        for (std::int64_t query = 0; query < query_tokens; ++query) {
            RandomStream row(seed, static_cast<std::uint64_t>(query));
            for (std::int64_t key = 0; key < key_tokens; ++key) {
                const std::uint64_t drawn = row.next_below(8);
                const std::uint64_t block =
                    static_cast<std::uint64_t>(query / 64) << 20U | static_cast<std::uint64_t>(key / 64);
                RandomStream kind(seed + 1, block);
                constexpr std::uint64_t kinds = 12;
                const std::uint64_t kept = kind.next_below(kinds);
                all.push_back(drawn < (kept > 9 ? 0 : kept));
            }
        }
        return all;
    }
    [[nodiscard]] BruteForceMask truth() const { return {domain(), cells()}; }
    [[nodiscard]] std::shared_ptr<const BitmapMask> mask() const {
        BitmapBuilder builder(query_tokens, key_tokens, INT64_MAX);
        const std::vector<bool> kept = cells();
        for (std::int64_t query = 0; query < query_tokens; ++query) {
            const std::span<std::uint64_t> words = builder.next_row();
            for (std::int64_t key = 0; key < key_tokens; ++key) {
                if (kept[static_cast<std::size_t>(query * key_tokens + key)]) {
                    set_bits(words, {key, key + 1});
                }
            }
        }
        return std::make_shared<BitmapMask>(std::make_shared<const BitmapRows>(*builder.finish()));
    }
};

inline std::ostream& operator<<(std::ostream& out, const BitmapCase& bits) {
    return out << bits.query_tokens << " x " << bits.key_tokens << " cells of seed " << bits.seed;
}

[[nodiscard]] inline rc::Gen<BitmapCase> bitmap_case(std::int64_t most_tokens = 200) {
    // Of any size from the first case on.
    return rc::gen::map(
        rc::gen::resize(rc::kNominalSize, rc::gen::tuple(integer_from(1, most_tokens), integer_from(1, most_tokens),
                                                         integer_from(0, 999))),
        [](const std::tuple<std::int64_t, std::int64_t, std::int64_t>& drawn) {
            const auto [queries, keys, seed] = drawn;
            return BitmapCase{queries, keys, static_cast<std::uint64_t>(seed)};
        });
}

}  // namespace longscope
