// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/run_edits.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <vector>

#include "engine/base/error.h"
#include "storage/run_edit.h"
#include "storage/run_page.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

std::set<std::string> tags_in(const std::string& text) {
    constexpr const char* blank = " \t";
    std::set<std::string> tags;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        const auto begin = part.find_first_not_of(blank);
        if (begin != std::string::npos) {
            tags.insert(part.substr(begin, part.find_last_not_of(blank) + 1 - begin));
        }
    }
    return tags;
}

}  // namespace

void write_run_tags(const std::filesystem::path& database, std::int64_t run, const std::string& tags) {
    const std::set<std::string> wanted = tags_in(tags);
    Database file(database);
    const std::vector<std::string> before = read_run(file, run).tags;
    for (const std::string& tag : wanted) {
        add_tag(file, run, tag);
    }
    for (const std::string& tag : before) {
        if (!wanted.contains(tag)) {
            remove_tag(file, run, tag);
        }
    }
}

void write_run_note(const std::filesystem::path& database, std::int64_t run, const std::string& note) {
    Database file(database);
    const std::string before = read_run(file, run).note;
    // Characters, not bytes: continuation bytes of UTF-8 do not count.
    const auto length = static_cast<std::size_t>(std::count_if(
        before.begin(), before.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    if (length > most_shown_note) {
        throw bad_input("the note of run " + std::to_string(run), std::to_string(length) + " characters",
                        "is longer than the table shows", "longscope-engine db note, which replaces it");
    }
    set_note(file, run, note);
}

}  // namespace longscope
