// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/loop_order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "engine/base/error.h"

namespace longscope::cpu {

std::optional<LoopOrder> asked_loop_order() {
    const char* asked = std::getenv(order_variable);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    if (asked == nullptr) {
        return std::nullopt;
    }
    const auto found = std::find(loop_order_words.begin(), loop_order_words.end(), asked);
    if (found == loop_order_words.end()) {
        throw bad_input(order_variable, asked, "is no order of loops",
                        fmt::format("{}", fmt::join(loop_order_words, ", ")));
    }
    return static_cast<LoopOrder>(found - loop_order_words.begin());
}

}  // namespace longscope::cpu
