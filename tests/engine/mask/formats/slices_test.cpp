// SPDX-License-Identifier: GPL-3.0-or-later
// MagiAttention slices: the convention of each type by its published row interval, and what is refused.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "engine/mask/formats/mask_format.h"
#include "engine/mask/shared_pair.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/expect_error.h"
#include "tests/support/mask_cell_generators.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

MaskArrays slices(std::int64_t tokens, std::vector<std::int32_t> q, std::vector<std::int32_t> k,
                  std::vector<std::int32_t> types) {
    MaskArrays arrays{"slices", tokens, tokens, {}, {}, {}, ""};
    const auto count = static_cast<std::int64_t>(types.size());
    arrays.arrays["q_ranges"] = {{static_cast<std::int64_t>(q.size()) / 2, 2}, std::move(q)};
    arrays.arrays["k_ranges"] = {{static_cast<std::int64_t>(k.size()) / 2, 2}, std::move(k)};
    arrays.arrays["attn_type_map"] = {{count}, std::move(types)};
    return arrays;
}

std::unique_ptr<Mask> read(const MaskArrays& arrays) {
    return find_mask_format("slices", "test").read(arrays, nullptr);
}

MaskArrays write(const Mask& mask) {
    return find_mask_format("slices", "test").write(mask, {});
}

TEST(Slices, KeepTheRowIntervalOfTheirType) {
    constexpr std::int32_t tokens = 11;
    for (std::int32_t type = 0; type < 4; ++type) {
        for (std::int32_t sq = 1; sq <= 7; ++sq) {
            for (std::int32_t sk = 1; sk <= 7; ++sk) {
                constexpr std::int32_t q0 = 2;
                constexpr std::int32_t k0 = 3;
                const std::int32_t q1 = q0 + sq;
                const std::int32_t k1 = k0 + sk;
                const auto mask = read(slices(tokens, {q0, q1}, {k0, k1}, {type}));
                for (std::int32_t q = 0; q < tokens; ++q) {
                    const std::int32_t low = k0 + ((type & 2) != 0 ? q - q0 : 0);
                    const std::int32_t high = k1 - ((type & 1) != 0 ? q1 - 1 - q : 0);
                    for (std::int32_t k = 0; k < tokens; ++k) {
                        const bool kept = q >= q0 && q < q1 && k >= k0 && k < k1 && low <= k && k < high;
                        ASSERT_EQ(mask->contains(q, k), kept) << type << ' ' << sq << ' ' << sk << ' ' << q << ' ' << k;
                    }
                }
            }
        }
    }
}

TEST(Slices, AreAsFewAsTheMaskAllows) {
    const auto count = [](const char* json, const MaskDomain& domain) {
        return write(*compiled_mask(json, domain)).array("attn_type_map").size();
    };
    EXPECT_EQ(count(R"({"full": {}})", {64, 64, {}}), 1);
    EXPECT_EQ(count(R"({"causal": {}})", {64, 64, {}}), 1);
    EXPECT_EQ(count(R"({"causal": {}})", {16, 64, {}}), 1);
    EXPECT_EQ(count(R"({"and": [{"causal": {}}, {"documents": {}}]})", {64, 64, {0, 10, 30, 64}}), 3);
    EXPECT_EQ(count(R"({"or": [{"causal": {}}, {"prefix": {"tokens": 9}}]})", {64, 64, {}}), 2);
    EXPECT_EQ(count(R"({"window": {"left": 5, "right": 0}})", {64, 64, {}}), 2);
    EXPECT_EQ(count(R"({"window": {"left": 5, "right": 3}})", {64, 64, {}}), 3);
    EXPECT_EQ(count(R"({"window": {"left": 40, "right": 40}})", {64, 64, {}}), 3);
}

RC_GTEST_PROP(SlicesProperty, OverlapsAreFoundAndNothingElse, ()) {
    const auto count = *integer_from(1, 7);
    ZoneList zones;
    for (std::int64_t i = 0; i < count; ++i) {
        const Range q = *range_inside(14);
        const Range k = *range_inside(14);
        const auto type = *integer_from(0, 3);
        Zone zone{q, k, {-100, 100}};
        zone.d.begin = (type & 2) != 0 ? k.begin - q.begin : zone.d.begin;
        zone.d.end = (type & 1) != 0 ? k.end - q.end + 1 : zone.d.end;
        zones.push_back(zone);
    }
    bool overlap = false;
    for (std::size_t a = 0; a < zones.size(); ++a) {
        for (std::size_t b = a + 1; b < zones.size(); ++b) {
            overlap = overlap || !intersect(zones[a], zones[b]).empty();
        }
    }
    const auto shared = find_shared_pair(zones);
    RC_ASSERT(shared.has_value() == overlap);
    if (shared) {
        RC_ASSERT(shared->first < shared->second);
        RC_ASSERT(zones[shared->first].contains(shared->query, shared->key));
        RC_ASSERT(zones[shared->second].contains(shared->query, shared->key));
    }
}

TEST(Slices, RefuseOverlapsAndNameBoth) {
    expect_error(ErrorKind::bad_input, {"q_ranges: slices 0 and 2 both hold query 5, key 3", "share no pair"}, [] {
        (void)read(slices(10, {0, 10, 0, 5, 5, 10}, {3, 6, 6, 10, 0, 4}, {0, 0, 0}));
    });
}

TEST(Slices, RefuseWhatLiesOutsideOrDoesNotFitTogether) {
    expect_error(ErrorKind::bad_input, {"q_ranges[1]: 11 is out of range", "from 0 to 10"}, [] {
        (void)read(slices(10, {0, 11}, {0, 10}, {0}));
    });
    expect_error(ErrorKind::bad_input, {"k_ranges[0]: -1 is out of range"}, [] {
        (void)read(slices(10, {0, 10}, {-1, 10}, {0}));
    });
    expect_error(ErrorKind::bad_input, {"k_ranges[0]: [7, 3) ends before it begins"}, [] {
        (void)read(slices(10, {0, 10}, {7, 3}, {0}));
    });
    expect_error(ErrorKind::bad_input, {"attn_type_map[0]: 4 is out of range", "from 0 to 3"}, [] {
        (void)read(slices(10, {0, 10}, {0, 10}, {4}));
    });
    expect_error(ErrorKind::bad_input, {"k_ranges: 2 ranges are not as many as attn_type_map has types"}, [] {
        (void)read(slices(10, {0, 10}, {0, 10, 0, 10}, {0}));
    });
    expect_error(ErrorKind::bad_input, {"q_ranges: an array that is not there", "q_ranges.npy"}, [] {
        MaskArrays arrays = slices(10, {0, 10}, {0, 10}, {0});
        arrays.arrays.erase("q_ranges");
        (void)read(arrays);
    });
}

// A million slices side by side and one that lies across: found in time that does not grow with their square.
TEST(Slices, AreCheckedInTimeThatGrowsWithTheirNumber) {
    constexpr std::int32_t count = 400'000;
    std::vector<std::int32_t> q;
    std::vector<std::int32_t> k;
    for (std::int32_t i = 0; i < count; ++i) {
        q.insert(q.end(), {0, 10});
        k.insert(k.end(), {2 * i, 2 * i + 1});
    }
    EXPECT_EQ(read(slices(2 * count, q, k, std::vector<std::int32_t>(count, 0)))->pairs(), std::int64_t{10} * count);
    q.insert(q.end(), {9, 10});
    k.insert(k.end(), {77'777, 77'779});
    expect_error(ErrorKind::bad_input, {"slices 38889 and 400000 both hold query 9, key 77778"},
                 [&] { (void)read(slices(2 * count, q, k, std::vector<std::int32_t>(count + 1, 0))); });
}

}  // namespace
}  // namespace longscope
