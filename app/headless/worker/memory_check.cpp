// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/worker/memory_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/base/host.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

std::int64_t host_number() {
    return static_cast<std::int64_t>(fnv1a(host_name()));
}

}  // namespace

void require_memory(Communicator& communicator, const MemoryLedger& ledger, std::int64_t limit_bytes) {
    const std::vector<std::int64_t> needs = communicator.all_gather(ledger.taken_bytes());
    if (limit_bytes > 0) {
        for (std::size_t rank = 0; rank < needs.size(); ++rank) {
            if (const std::string refusal = memory_refusal(needs[rank], limit_bytes); !refusal.empty()) {
                throw Error(ErrorKind::out_of_memory, fmt::format("rank {} {}", rank, refusal));
            }
        }
        return;
    }
    const std::vector<std::int64_t> hosts = communicator.all_gather(host_number());
    const std::vector<std::int64_t> available = communicator.all_gather(available_memory_bytes());
    for (std::size_t rank = 0; rank < needs.size(); ++rank) {
        std::int64_t sum = 0;
        std::int64_t neighbours = 0;
        std::int64_t there_is = available[rank];
        for (std::size_t other = 0; other < needs.size(); ++other) {
            if (hosts[other] == hosts[rank]) {
                sum += needs[other];
                there_is = std::min(there_is, available[other]);  // they looked at different moments
                ++neighbours;
            }
        }
        if (sum > there_is) {
            throw Error(ErrorKind::out_of_memory,
                        fmt::format("the {} ranks on the machine of rank {} would need {} for tensors and buffers "
                                    "({} of them rank {}); {} are available there",
                                    neighbours, rank, format_bytes(sum), format_bytes(needs[rank]), rank,
                                    format_bytes(there_is)));
        }
    }
}

}  // namespace longscope
