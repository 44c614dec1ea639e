// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/token_order.h"

namespace longscope {

namespace {

std::string accepted_orders() {
    std::string names;
    for (const OrderEntry& entry : token_orders()) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", entry.name);
    }
    return "an object with one of the fields " + names;
}

}  // namespace

const std::vector<OrderEntry>& token_orders() {
    static const std::vector<OrderEntry> orders{
        {"reverse", "", "the last token first", "", R"({"reverse": {}})", parse_reverse_order},
        {"interleave", "stride",
         "every stride-th token: 0, stride, 2 * stride, ..., then 1, stride + 1, ...: of a video the first token of "
         "every "
         "frame, then the second",
         "MMInference, arXiv 2504.16083", R"({"interleave": {"stride": 8}})", parse_interleave_order},
        {"tiles", "grid, tile",
         "a grid of tokens with 1 to 3 axes, the last one first in memory, tile by tile; tiles are smaller where the "
         "grid ends, and tokens beyond it stay",
         "GNA, arXiv 2504.16922", R"({"tiles": {"grid": [8, 8], "tile": [4, 4]}})", parse_tiles_order},
        {"shuffle", "block, seed", "blocks of tokens in a random order, in which the tokens stay as they are", "",
         R"({"shuffle": {"block": 4, "seed": 1}})", parse_shuffle_order},
        {"list", "tokens", "as listed: each token of the sequence once", "",
         R"({"list": {"tokens": [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 51, 56, 61, 2, 7, 12, 17, 22, 27, 32, 37, 42, 47, 52, 57, 62, 3, 8, 13, 18, 23, 28, 33, 38, 43, 48, 53, 58, 63, 4, 9, 14, 19, 24, 29, 34, 39, 44, 49, 54, 59]}})",
         parse_list_order},
    };
    return orders;
}

TokenOrder parse_token_order(const Json& value, const std::string& path) {
    if (!value.is_object() || value.size() != 1) {
        throw bad_input(path, shown(value), "is not an order of tokens", accepted_orders());
    }
    const std::string name = value.begin().key();
    for (const OrderEntry& entry : token_orders()) {
        if (entry.name == name) {
            return {value, entry.parse(JsonObject(value.begin().value(), path + "." + name))};
        }
    }
    throw bad_input(path, name, "is not an order of tokens", accepted_orders());
}

}  // namespace longscope
