// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"
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
    std::string names;
    for (const StrategyEntry& entry : strategies()) {
        if (entry.name == name) {
            return entry;
        }
        names += (names.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw bad_input("layout.strategy", name, "is not a strategy", names);
}

}  // namespace longscope
