// SPDX-License-Identifier: GPL-3.0-or-later
// Questions that tests ask of display lists.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/draw/display_list.h"

namespace longscope {

template <typename Item>
std::vector<Item> items_of(const DisplayList& list) {
    std::vector<Item> found;
    for (const DisplayItem& item : list.items) {
        if (const Item* one = std::get_if<Item>(&item)) {
            found.push_back(*one);
        }
    }
    return found;
}

inline std::vector<std::string> texts_of(const DisplayList& list) {
    std::vector<std::string> texts;
    for (const Text& text : items_of<Text>(list)) {
        texts.push_back(text.text);
    }
    return texts;
}

inline bool has_text(const DisplayList& list, const std::string& text) {
    const std::vector<std::string> texts = texts_of(list);
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace longscope
