// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/communication_matrix.h"

#include <algorithm>

namespace longscope {

std::int64_t CommunicationMatrix::largest_bytes() const {
    std::int64_t largest = 0;
    for (const Traffic& traffic : pairs) {
        largest = std::max(largest, traffic.bytes);
    }
    return largest;
}

CommunicationMatrix communication_matrix(const StepTable& table, std::optional<Direction> direction) {
    CommunicationMatrix matrix;
    const std::size_t ranks = table.ranks.size();
    matrix.ranks = static_cast<std::int64_t>(ranks);
    matrix.pairs.resize(ranks * ranks);
    matrix.sent.resize(ranks);
    matrix.received.resize(ranks);
    for (const StepTransfer& transfer : table.transfers) {
        if (direction && transfer.direction != *direction) {
            continue;
        }
        const auto from = static_cast<std::size_t>(transfer.from);
        const auto to = static_cast<std::size_t>(transfer.to);
        for (Traffic* sum :
             {&matrix.pairs.at(from * ranks + to), &matrix.sent.at(from), &matrix.received.at(to), &matrix.all}) {
            sum->bytes += transfer.bytes;
            sum->messages += transfer.messages;
        }
    }
    return matrix;
}

}  // namespace longscope
