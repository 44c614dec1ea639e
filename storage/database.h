// SPDX-License-Identifier: GPL-3.0-or-later
// A result database: one SQLite file, recognised by application_id "LSCP", its schema revision in user_version. Both
// are checked before anything else. An older file is migrated, each revision in a transaction; a newer one can be
// read, with a notice. Belongs to one thread at a time; several objects and processes may have one file open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "storage/migrations.h"

namespace SQLite {
class Database;
}

namespace longscope {

enum class OpenMode {
    create_or_open,  // for reading and writing; made when missing, in a folder that exists
    read_only,       // must exist; an older file is still migrated first
};

struct OpenOptions {
    OpenMode mode = OpenMode::create_or_open;
    int busy_timeout_ms = 5000;  // how long another writer is waited for
    // SQLite's file layer; "unix-dotfile" serves file systems without locks. Empty: the usual one.
    std::string file_layer = {};
    const std::vector<Migration>* registry = &migrations();
};

class WorkLimit;

class Database {
  public:
    // Throws Error: bad_input for what is not a Longscope database, down to the letter of its schema, and for writing
    // to a newer one, failed for what the file system refuses. A file that is not ours is never changed.
    explicit Database(const std::filesystem::path& path, OpenOptions options = {});
    Database(const std::filesystem::path& path, OpenMode mode) : Database(path, OpenOptions{.mode = mode}) {}
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    Database(Database&&) = delete;
    Database& operator=(Database&&) = delete;
    ~Database();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] bool writable() const { return options_.mode == OpenMode::create_or_open; }
    [[nodiscard]] std::int64_t revision() const { return revision_; }
    // What a user should know: a fall-back, a migration, a newer file. One sentence each.
    [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }
    // For the other files of storage, and for tests.
    [[nodiscard]] SQLite::Database& handle() { return *handle_; }
    [[nodiscard]] WorkLimit& work_limit() const { return *work_limit_; }

  private:
    void open();
    void open_handle(bool writing);
    void read_schema();
    void check_schema();
    void choose_journal();

    std::filesystem::path path_;
    OpenOptions options_;
    std::unique_ptr<WorkLimit> work_limit_;  // of the handle, which goes first
    std::unique_ptr<SQLite::Database> handle_;
    std::int64_t revision_ = 0;
    std::vector<std::string> notices_;
};

}  // namespace longscope
