// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/text_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"

namespace longscope {

void TextTable::add_row(std::vector<std::string> cells) {
    if (cells.size() != columns_.size()) {
        throw failed(fmt::format("table: {} cells for {} columns", cells.size(), columns_.size()));
    }
    std::transform(cells.begin(), cells.end(), cells.begin(), printable);
    rows_.push_back(std::move(cells));
}

std::string TextTable::text(std::size_t indent) const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t width = columns_[c].title.size();
        for (const auto& row : rows_) {
            width = std::max(width, row[c].size());
        }
        widths.push_back(width);
    }
    std::string text;
    const auto append_line = [&](const auto& cell) {
        std::string line(indent, ' ');
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            const bool left = columns_[c].align == Align::left;
            const std::string_view gap = c == 0 ? "" : "  ";
            line += left ? fmt::format("{}{:<{}}", gap, cell(c), widths[c])
                         : fmt::format("{}{:>{}}", gap, cell(c), widths[c]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    };
    append_line([&](std::size_t c) { return columns_[c].title; });
    for (const auto& row : rows_) {
        append_line([&](std::size_t c) { return row[c]; });
    }
    return text;
}

std::string printable(std::string_view text) {
    std::string ascii;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            ascii += c;
        } else if ((byte & 0xc0U) != 0x80U) {  // not the continuation of a UTF-8 character
            ascii += '?';
        }
    }
    return ascii;
}

}  // namespace longscope
