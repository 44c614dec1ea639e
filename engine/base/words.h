// SPDX-License-Identifier: GPL-3.0-or-later
// Enumerations and the words that stand for them in documents and databases.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace longscope {

// The enumerator whose word is `text`; enumerators count from 0 in the order of the words. Throws Error(failed).
template <typename Enum, std::size_t N>
[[nodiscard]] Enum word_index(const std::array<std::string_view, N>& words, std::string_view text,
                              std::string_view what) {
    for (std::size_t i = 0; i < N; ++i) {
        if (words[i] == text) {
            return static_cast<Enum>(i);
        }
    }
    throw failed("unknown " + std::string(what) + " '" + one_line(text, 120) + "'");
}

}  // namespace longscope
