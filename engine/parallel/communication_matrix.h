// SPDX-License-Identifier: GPL-3.0-or-later
// How much each rank sends to each other one, over a whole pass or both.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/parallel/step_table.h"

namespace longscope {

struct Traffic {
    std::int64_t bytes = 0;
    std::int64_t messages = 0;

    [[nodiscard]] bool operator==(const Traffic&) const = default;
};

struct CommunicationMatrix {
    std::int64_t ranks = 0;
    std::vector<Traffic> pairs;     // by sender, then by receiver
    std::vector<Traffic> sent;      // by each rank, to all others
    std::vector<Traffic> received;  // by each rank, from all others
    Traffic all;

    [[nodiscard]] const Traffic& at(std::int64_t from, std::int64_t to) const {
        return pairs.at(static_cast<std::size_t>(from * ranks + to));
    }
    // Of one rank to one other.
    [[nodiscard]] std::int64_t largest_bytes() const;
};

// Of one pass; without one, of all that there are.
[[nodiscard]] CommunicationMatrix communication_matrix(const StepTable& table, std::optional<Direction> direction);

}  // namespace longscope
