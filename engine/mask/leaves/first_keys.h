// SPDX-License-Identifier: GPL-3.0-or-later
// What prefix and sink share: the zone of the first `tokens` keys up to a diagonal.
#pragma once

#include <fmt/format.h>

#include <string>

#include "engine/base/error.h"
#include "engine/mask/leaf.h"

namespace longscope {

// k < tokens and k - q < diagonal_end. Throws Error(bad_input) when there are fewer keys than tokens.
[[nodiscard]] inline Zone first_keys_zone(const MaskDomain& domain, std::int64_t tokens, const std::string& field,
                                          std::int64_t diagonal_end) {
    if (tokens > domain.longest()) {
        throw bad_input(field, std::to_string(tokens), "is larger than the sequence",
                        fmt::format("an integer from 1 to {}", domain.longest()));
    }
    return tightened({{0, domain.query_tokens}, {0, tokens}, {-domain.query_tokens, diagonal_end}});
}

}  // namespace longscope
