// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy_options.h"

#include <fmt/format.h>

namespace longscope {

std::string to_string(const StrategyOptions& options) {
    std::string text;
    for (const NumberOption& option : number_options) {
        if (const std::int64_t value = options.*option.value; value != 0) {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", option.name, value);
        }
    }
    if (options.placement != Placement::head_first) {
        text += fmt::format("{}{}", text.empty() ? "" : ", ", to_string(options.placement));
    }
    if (options.wire_dtype != DType::float32) {
        text += fmt::format("{}sends {}", text.empty() ? "" : ", ", to_string(options.wire_dtype));
    }
    if (options.cost_model != default_cost_model) {
        const std::string_view name = name_of(options.cost_model);
        text += fmt::format("{}cost model {}", text.empty() ? "" : ", ", name.empty() ? "of its own" : name);
    }
    return text;
}

}  // namespace longscope
