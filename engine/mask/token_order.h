// SPDX-License-Identifier: GPL-3.0-or-later
// Orders of tokens, as masks are permuted by them and tiles counted in them. To add one: its own file in orders/, one
// line in orders/order_registry.cpp, one test line; resources/docs/masks.md is written from the registry.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/permutation.h"

namespace longscope {

struct TokenOrder {
    Json written;  // as it stands in a document: {"reverse": {}}
    // Which token stands at each position of a sequence. `whole_tokens` is as in MaskDomain. Throws Error(bad_input),
    // naming the field under `path`, where it does not suit the sequence.
    std::function<Permutation(std::int64_t tokens, std::int64_t whole_tokens, const std::string& path)> over;
};

struct OrderEntry {
    std::string_view name;
    std::string_view parameters;  // "stride"
    std::string_view meaning;     // one line
    std::string_view source;      // who uses it; may be empty
    std::string_view example;     // as JSON; over 64 tokens, for its picture
    decltype(TokenOrder::over) (*parse)(JsonObject parameters);
};

// The registry, in the order in which help and documentation list it.
[[nodiscard]] const std::vector<OrderEntry>& token_orders();

// An object with one field, the name of an order. Throws Error(bad_input) that names the field under `path`.
[[nodiscard]] TokenOrder parse_token_order(const Json& value, const std::string& path);

// Parsers of the orders, one file each.
[[nodiscard]] decltype(TokenOrder::over) parse_reverse_order(JsonObject parameters);
[[nodiscard]] decltype(TokenOrder::over) parse_interleave_order(JsonObject parameters);
[[nodiscard]] decltype(TokenOrder::over) parse_tiles_order(JsonObject parameters);
[[nodiscard]] decltype(TokenOrder::over) parse_shuffle_order(JsonObject parameters);
[[nodiscard]] decltype(TokenOrder::over) parse_list_order(JsonObject parameters);

}  // namespace longscope
