// SPDX-License-Identifier: GPL-3.0-or-later
// Tables for a terminal: a line of titles, then rows, columns two spaces apart. Plain ASCII, so that widths are right
// everywhere and text from a database cannot steer the terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace longscope {

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::right;
};

class TextTable {
  public:
    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // As many cells as columns. Throws Error(failed) otherwise.
    void add_row(std::vector<std::string> cells);
    // Every line begins with `indent` spaces and ends with a newline, without spaces before it.
    [[nodiscard]] std::string text(std::size_t indent = 0) const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// `text` on one line in ASCII: control characters and everything beyond ASCII become '?', one for each character.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace longscope
