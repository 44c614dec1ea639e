// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/trace/trace.h"

#include <array>

#include "engine/base/words.h"

namespace longscope {

namespace {

constexpr std::array<std::string_view, category_count> category_words{
    "attend", "merge",  "finalize", "send",  "receive", "wait", "copy",   "collective", "attend_backward",
    "delta",  "reduce", "barrier",  "queue", "upload",  "pack", "kernel", "download"};

}  // namespace

std::string_view to_string(Category category) {
    return category_words.at(static_cast<std::size_t>(category));
}

Category category_from_string(std::string_view text) {
    return word_index<Category>(category_words, text, "category");
}

}  // namespace longscope
