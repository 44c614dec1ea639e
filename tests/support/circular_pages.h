// SPDX-License-Identifier: GPL-3.0-or-later
// A table or an index whose pages name one another in circles: a few rows on one page, found again and again. SQLite
// walks through such a tree as through any other.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <string>

#include "engine/base/bounded_file.h"

namespace longscope {

namespace circular_pages {

inline std::string big_endian(std::size_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) {
        text += static_cast<char>(value >> (8 * i) & 0xff);
    }
    return text;
}

inline std::size_t from_big_endian(const std::string& page, std::size_t at) {
    return static_cast<unsigned char>(page[at]) * std::size_t{256} + static_cast<unsigned char>(page[at + 1]);
}

// What stands after the child in a cell above this leaf: a key of a table, or the last entry of an index.
inline std::string key_above(const std::string& leaf) {
    constexpr char table_leaf = 13;
    if (leaf[0] == table_leaf) {
        return "\1";
    }
    const std::size_t cells = from_big_endian(leaf, 3);
    const std::size_t cell = from_big_endian(leaf, 8 + 2 * (cells - 1));
    return leaf.substr(cell, 1 + static_cast<unsigned char>(leaf[cell]));
}

// A page above others, all of whose children are the same page.
inline std::string page_above(const std::string& leaf, std::size_t child) {
    constexpr std::size_t header_bytes = 12;
    const std::string cell = big_endian(child, 4) + key_above(leaf);
    const std::size_t cells = (leaf.size() - header_bytes) / (cell.size() + 2);
    std::string pointers;
    std::string content;
    for (std::size_t i = 0; i < cells; ++i) {
        content += cell;
        pointers += big_endian(leaf.size() - content.size(), 2);
    }
    const std::string header = static_cast<char>(leaf[0] - 8) + big_endian(0, 2) + big_endian(cells, 2) +
                               big_endian(leaf.size() - content.size(), 2) + '\0' + big_endian(child, 4);
    return header + pointers + std::string(leaf.size() - header.size() - pointers.size() - content.size(), '\0') +
           content;
}

}  // namespace circular_pages

// The root of a table or an index, a leaf, gets eight floors of pages below it, each with many ways to the next, and
// at the end the page that was the root. The file must not have a write-ahead log.
inline void make_circular(const std::filesystem::path& file, const std::string& name) {
    std::size_t root = 0;
    std::size_t page_bytes = 0;
    {
        SQLite::Database database(file.string(), SQLite::OPEN_READONLY);
        SQLite::Statement select(database, "SELECT rootpage FROM sqlite_schema WHERE name = ?");
        select.bind(1, name);
        select.executeStep();
        root = static_cast<std::size_t>(select.getColumn(0).getInt64());
        page_bytes = static_cast<std::size_t>(database.execAndGet("PRAGMA page_size").getInt64());
    }
    std::string content = read_bounded_file(file, 64 << 20);
    const std::size_t root_at = (root - 1) * page_bytes;
    const std::string leaf = content.substr(root_at, page_bytes);
    content += leaf;
    for (int floor = 1; floor < 8; ++floor) {
        content += circular_pages::page_above(leaf, content.size() / page_bytes);
    }
    content.replace(root_at, page_bytes, circular_pages::page_above(leaf, content.size() / page_bytes));
    content.replace(28, 4, circular_pages::big_endian(content.size() / page_bytes, 4));  // the header's number of pages
    write_file_atomically(file, content);
}

}  // namespace longscope
