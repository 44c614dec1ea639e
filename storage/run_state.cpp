// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::array<std::string_view, 10> words{"queued",    "running", "done",          "failed",      "timed out",
                                                 "cancelled", "lost",    "out of memory", "unsupported", "infeasible"};

}  // namespace

std::string_view to_string(RunState state) {
    return words.at(static_cast<std::size_t>(state));
}

RunState run_state_from_string(std::string_view text, std::string_view field) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words.at(i) == text) {
            return static_cast<RunState>(i);
        }
    }
    throw bad_input(field, text, "is not a state", fmt::format("{}", fmt::join(words, ", ")));
}

bool is_final(RunState state) {
    return state != RunState::queued && state != RunState::running;
}

}  // namespace longscope
