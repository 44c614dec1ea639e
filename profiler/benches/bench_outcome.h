// SPDX-License-Identifier: GPL-3.0-or-later
// How the measurement of an implementation ended.
#pragma once

#include <cstdint>
#include <string_view>

namespace longscope {

enum class BenchOutcome : std::uint8_t {
    measured,
    wrong,        // measured, but what it computed is not right
    unsupported,  // it does not compute this case, or is not installed
    failed,
};

// The word under which it is stored and printed.
[[nodiscard]] std::string_view to_string(BenchOutcome outcome);
// Throws Error(bad_input) that names `field` and lists the words.
[[nodiscard]] BenchOutcome bench_outcome_from_string(std::string_view text, std::string_view field);

}  // namespace longscope
