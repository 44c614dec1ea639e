// SPDX-License-Identifier: GPL-3.0-or-later
// What every fuzz target asks: an invariant that does not hold is a finding, and an Error is none as long as its
// message is one line that a terminal can show.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/base/error.h"

namespace longscope::fuzz {

inline void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "the invariant does not hold: %s\n", what);
        std::abort();
    }
}

// Runs `action`; false when it refused its input as it should.
template <typename Action>
bool accepts(const Action& action) {
    constexpr std::size_t longest_message = 4096;
    try {
        action();
        return true;
    } catch (const Error& error) {
        const std::size_t size = std::strlen(error.what());
        if (std::strchr(error.what(), '\n') != nullptr) {
            std::fprintf(stderr, "%s\n", error.what());
        }
        require(size > 0 && size <= longest_message, "a message is of 1 to 4096 bytes");
        require(std::strchr(error.what(), '\n') == nullptr, "a message is one line");
        return false;
    }
}

}  // namespace longscope::fuzz
