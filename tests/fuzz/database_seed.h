// SPDX-License-Identifier: GPL-3.0-or-later
// Databases that the inputs of database_fuzz change: a real run with the events of one repetition.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace SQLite {
class Database;
}

namespace longscope::fuzz {

// As this program writes it, of the newest revision, in small pages.
[[nodiscard]] std::string sound_database(const std::filesystem::path& folder);

// The same while SQLite takes its tables for ones without constraints, so that values which it would have refused reach
// us.
class UnconstrainedDatabase {
  public:
    explicit UnconstrainedDatabase(const std::filesystem::path& folder);

    [[nodiscard]] const std::string& content() const { return content_; }

    // Applies the lines "TABLE COLUMN ROW VALUE" to a file with this content: the value of that row becomes the JSON
    // value, a text that stands for itself if it is none. Lines that do not fit are left out. Then the tables are
    // declared as they were.
    void set_values(SQLite::Database& database, std::string_view lines) const;

  private:
    using Declaration = std::pair<std::string, std::string>;  // name and text
    static void declare(SQLite::Database& database, const std::vector<Declaration>& declarations);

    std::vector<Declaration> declarations_;
    std::string content_;
};

}  // namespace longscope::fuzz
