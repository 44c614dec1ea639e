// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/database_seed.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>

#include "engine/base/bounded_file.h"
#include "engine/base/json.h"
#include "storage/database.h"
#include "tests/support/paths.h"

namespace longscope::fuzz {

namespace {

const int writing = SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
constexpr std::int64_t max_bytes = 1 << 20;

std::string content_and_removed(const std::filesystem::path& file) {
    std::string content = read_bounded_file(file, max_bytes);
    std::filesystem::remove(file);
    return content;
}

std::filesystem::path make_sound(const std::filesystem::path& folder) {
    auto file = folder / "sound.db";
    {
        SQLite::Database old(file.string(), writing);
        old.exec("PRAGMA page_size = 512");
        old.exec(read_bounded_file(LONGSCOPE_SOURCE_DIR "/tests/storage/fixtures/revision-1.sql", max_bytes));
        // As small as it can be and still have everything in it.
        old.exec("PRAGMA foreign_keys = ON; DELETE FROM run WHERE id > 1; DELETE FROM event WHERE repetition > 1");
    }
    { const Database migrated(file, OpenMode::create_or_open); }
    SQLite::Database whole(file.string(), writing);
    whole.exec("PRAGMA journal_mode = DELETE; VACUUM");
    return file;
}

std::string in_quotes(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) {
        text += c == '"' ? "\"\"" : std::string(1, c);
    }
    return text + '"';
}

std::string_view next_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

void bind(SQLite::Statement& statement, std::string_view text) {
    const Json value = Json::parse(text, nullptr, false);
    if (value.is_number_integer()) {
        statement.bind(1, value.get<std::int64_t>());
    } else if (value.is_number()) {
        statement.bind(1, value.get<double>());
    } else if (value.is_string()) {
        statement.bind(1, value.get<std::string>());
    } else if (!value.is_null()) {
        statement.bind(1, std::string(text));
    }
}

void set_value(SQLite::Database& database, std::string_view line) {
    const std::string_view table = next_word(line);
    const std::string_view column = next_word(line);
    const std::string_view row_text = next_word(line);
    std::int64_t row = 0;
    (void)std::from_chars(row_text.data(), row_text.data() + row_text.size(), row);
    try {
        SQLite::Statement update(
            database, fmt::format("UPDATE {} SET {} = ? WHERE rowid = ?", in_quotes(table), in_quotes(column)));
        bind(update, line);
        update.bind(2, row);
        update.exec();
    } catch (const SQLite::Exception&) {
        // Not a table, a column or a row of it.
    }
}

}  // namespace

std::string sound_database(const std::filesystem::path& folder) {
    return content_and_removed(make_sound(folder));
}

UnconstrainedDatabase::UnconstrainedDatabase(const std::filesystem::path& folder) {
    const std::filesystem::path file = make_sound(folder);
    {
        SQLite::Database sound(file.string(), writing);
        for (SQLite::Statement entry(sound, "SELECT name, sql FROM sqlite_schema WHERE type = 'table'");
             entry.executeStep();) {
            declarations_.emplace_back(entry.getColumn(0).getString(), entry.getColumn(1).getString());
        }
        std::vector<Declaration> loose = declarations_;
        for (auto& [name, text] : loose) {
            for (const std::string_view constraint : {" NOT NULL", " STRICT"}) {
                for (std::size_t at = 0; (at = text.find(constraint)) != std::string::npos;) {
                    text.erase(at, constraint.size());
                }
            }
        }
        declare(sound, loose);
    }
    content_ = content_and_removed(file);
}

void UnconstrainedDatabase::declare(SQLite::Database& database, const std::vector<Declaration>& declarations) {
    database.exec("PRAGMA writable_schema = ON");
    SQLite::Statement update(database, "UPDATE sqlite_schema SET sql = ? WHERE name = ?");
    for (const auto& [name, text] : declarations) {
        update.bind(1, text);
        update.bind(2, name);
        update.exec();
        update.reset();
    }
    database.exec("PRAGMA writable_schema = OFF");
}

void UnconstrainedDatabase::set_values(SQLite::Database& database, std::string_view lines) const {
    database.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA ignore_check_constraints = ON");
    SQLite::Transaction transaction(database);
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        set_value(database, lines.substr(0, end));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    declare(database, declarations_);
    transaction.commit();
}

}  // namespace longscope::fuzz
