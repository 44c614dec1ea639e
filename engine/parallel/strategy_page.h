// SPDX-License-Identifier: GPL-3.0-or-later
// The registry of strategies as people read it: every strategy brings its texts, the rest is counted.
#pragma once

#include <string>

#include "engine/base/json.h"
#include "engine/parallel/strategy.h"

namespace longscope {

// One line each: name, meaning.
[[nodiscard]] std::string strategies_as_text();
// All that the page says of one, without its picture.
[[nodiscard]] std::string strategy_as_text(const StrategyEntry& strategy);

// The whole page resources/docs/strategies.md: the letters, bytes and memory of a worked example beside each other, a
// section for each strategy.
[[nodiscard]] std::string strategies_as_markdown();
// Of the picture of a strategy on that page: resources/docs/pictures/strategies holds them.
[[nodiscard]] std::string strategy_picture_name(const StrategyEntry& strategy);

[[nodiscard]] Json strategies_as_json();

}  // namespace longscope
