// SPDX-License-Identifier: GPL-3.0-or-later
// What Open MPI prints when a rank was killed, found among all that workers print.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace longscope {

struct KilledRank {
    std::int64_t rank = 0;
    std::string host;
    int signal = 0;

    [[nodiscard]] bool operator==(const KilledRank&) const = default;
};

// "... process rank 1 with PID 4711 on node HOST exited on signal 9 (Killed)."
[[nodiscard]] std::optional<KilledRank> find_killed_rank(std::string_view line);

}  // namespace longscope
