// SPDX-License-Identifier: GPL-3.0-or-later
// What each order of tokens means, token by token: the oracle of the tests of permuted masks. Shares no code with the
// orders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/random.h"

namespace longscope {

// The token at each position.
[[nodiscard]] inline std::vector<std::int64_t> tokens_in_order(const Json& order, std::int64_t tokens) {
    std::vector<std::int64_t> list(static_cast<std::size_t>(tokens));
    std::iota(list.begin(), list.end(), std::int64_t{0});
    const auto sort_by = [&](const auto& key) {
        std::stable_sort(list.begin(), list.end(), [&](std::int64_t a, std::int64_t b) { return key(a) < key(b); });
    };
    const std::string& name = order.begin().key();
    const Json& of = order.begin().value();
    if (name == "reverse") {
        sort_by([](std::int64_t token) { return -token; });
    } else if (name == "interleave") {
        const auto stride = of.at("stride").get<std::int64_t>();
        sort_by([&](std::int64_t token) { return token % stride; });
    } else if (name == "tiles") {
        std::int64_t size = 1;
        for (const Json& length : of.at("grid")) {
            size *= length.get<std::int64_t>();
        }
        // By the tile along each axis, then by the place in it; what is beyond the grid comes last.
        sort_by([&](std::int64_t token) {
            std::vector<std::int64_t> tile;
            std::vector<std::int64_t> place;
            std::int64_t rest = token;
            for (std::size_t axis = of.at("grid").size(); axis-- > 0 && token < size;) {
                const auto length = of.at("grid")[axis].get<std::int64_t>();
                const auto step = of.at("tile")[axis].get<std::int64_t>();
                tile.insert(tile.begin(), rest % length / step);
                place.insert(place.begin(), rest % length);
                rest /= length;
            }
            return std::tuple(token >= size, tile, place);
        });
    } else if (name == "shuffle") {
        const auto block = of.at("block").get<std::int64_t>();
        std::vector<std::int64_t> blocks(static_cast<std::size_t>((tokens + block - 1) / block));
        std::iota(blocks.begin(), blocks.end(), std::int64_t{0});
        RandomStream random(of.at("seed").get<std::uint64_t>(), 0);
        for (std::size_t left = blocks.size(); left > 1; --left) {
            std::swap(blocks[left - 1], blocks[static_cast<std::size_t>(random.next_below(left))]);
        }
        sort_by([&](std::int64_t token) {
            return std::find(blocks.begin(), blocks.end(), token / block) - blocks.begin();
        });
    } else {
        list = of.at("tokens").get<std::vector<std::int64_t>>();
    }
    return list;
}

}  // namespace longscope
