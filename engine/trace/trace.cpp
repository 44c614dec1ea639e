// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/trace/trace.h"

#include <array>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::array<std::string_view, 3> stream_words{"compute", "send", "receive"};
constexpr std::array<std::string_view, 6> category_words{"attend", "merge", "finalize", "send", "receive", "wait"};

template <typename Enum, std::size_t N>
Enum word_index(const std::array<std::string_view, N>& words, std::string_view text, std::string_view what) {
    for (std::size_t i = 0; i < N; ++i) {
        if (words[i] == text) {
            return static_cast<Enum>(i);
        }
    }
    throw failed("trace: unknown " + std::string(what) + " '" + std::string(text) + "'");
}

}  // namespace

std::string_view to_string(Stream stream) {
    return stream_words.at(static_cast<std::size_t>(stream));
}

std::string_view to_string(Category category) {
    return category_words.at(static_cast<std::size_t>(category));
}

Stream stream_from_string(std::string_view text) {
    return word_index<Stream>(stream_words, text, "stream");
}

Category category_from_string(std::string_view text) {
    return word_index<Category>(category_words, text, "category");
}

}  // namespace longscope
