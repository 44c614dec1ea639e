// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes and a seed are drawn; the cells follow from these, as RapidCheck would take long over each.
#include "tests/support/bitmap_cases.h"

#include <span>
#include <tuple>

#include "engine/base/random.h"
#include "tests/support/mask_generators.h"

namespace longscope {

std::vector<bool> BitmapCase::cells() const {
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

std::shared_ptr<const BitmapMask> BitmapCase::mask() const {
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

std::ostream& operator<<(std::ostream& out, const BitmapCase& bits) {
    return out << bits.query_tokens << " x " << bits.key_tokens << " cells of seed " << bits.seed;
}

rc::Gen<BitmapCase> bitmap_case(std::int64_t most_tokens) {
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
