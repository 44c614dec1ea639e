// SPDX-License-Identifier: GPL-3.0-or-later
// The states of a run (DESIGN: "The house").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace longscope {

enum class RunState : std::uint8_t {
    queued,
    running,
    done,
    failed,
    timed_out,
    cancelled,
    lost,  // found unfinished with nobody working on it
    out_of_memory,
    unsupported,
    infeasible,
};

// The word under which it is stored and printed: "queued", "timed out", ...
[[nodiscard]] std::string_view to_string(RunState state);
// Throws Error(bad_input) that names `field` and lists the words.
[[nodiscard]] RunState run_state_from_string(std::string_view text, std::string_view field);
// Queued and running are not final.
[[nodiscard]] bool is_final(RunState state);

}  // namespace longscope
