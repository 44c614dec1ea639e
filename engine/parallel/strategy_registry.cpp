// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/registry.h"
#include "engine/parallel/strategy.h"

namespace longscope {

const std::vector<StrategyEntry>& strategies() {
    static const std::vector<StrategyEntry> entries{
        {"ring", "keys and values travel from rank to rank, N-1 hops, while each rank computes on what it holds",
         ring_forward, ring_bytes_received},
    };
    return entries;
}

const StrategyEntry& find_strategy(std::string_view name) {
    return find_entry(strategies(), name, "layout.strategy", "a strategy");
}

}  // namespace longscope
