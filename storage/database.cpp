// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "storage/database_file.h"
#include "storage/json_valid.h"
#include "storage/newer_schema.h"
#include "storage/own_schema.h"
#include "storage/sqlite_error.h"
#include "storage/work_limit.h"

namespace longscope {

namespace {

// "file:///path?immutable=1", with what has a meaning in a URI escaped.
std::string immutable_uri(const std::filesystem::path& path) {
    std::string uri = "file://";
    for (const char c : path.string()) {
        if (c == '%' || c == '?' || c == '#') {
            uri += fmt::format("%{:02X}", static_cast<unsigned>(c));
        } else {
            uri += c;
        }
    }
    return uri + "?immutable=1";
}

// On read-only media nobody can be writing, and SQLite cannot make the shared-memory file that a WAL database asks
// for. Only then may the file be taken as unchanging; and not when commits are left in a write-ahead log beside it.
bool is_on_read_only_media(const std::filesystem::path& path) {
    std::error_code missing;
    const auto log_bytes = std::filesystem::file_size(path.string() + "-wal", missing);
    return (missing || log_bytes == 0) && ::access(path.parent_path().c_str(), W_OK) != 0;
}

}  // namespace

Database::Database(const std::filesystem::path& path, OpenOptions options) : path_(path), options_(std::move(options)) {
    check_database_location(path_, writable());
    try {
        open();
    } catch (const SQLite::Exception& exception) {
        throw database_error(exception, path_, "open the database");
    }
}

Database::~Database() = default;

void Database::open_handle(bool writing) {
    // Absolute: SQLite takes names such as ":memory:" and "file:x" for more than a file.
    const std::filesystem::path absolute = std::filesystem::absolute(path_);
    const bool immutable = !writing && is_on_read_only_media(absolute);
    const int flags = (writing ? SQLite::OPEN_READWRITE : SQLite::OPEN_READONLY) |
                      (writing && writable() ? SQLite::OPEN_CREATE : 0) | (immutable ? SQLite::OPEN_URI : 0);
    handle_.reset();
    try {
        handle_ = std::make_unique<SQLite::Database>(immutable ? immutable_uri(absolute) : absolute.string(), flags,
                                                     options_.busy_timeout_ms, options_.file_layer);
    } catch (const SQLite::Exception& exception) {
        throw failed(fmt::format("{}: cannot open the database: {}", path_.string(),
                                 open_failure_reason(absolute, writing, exception.what())));
    }
    // SQLite opens a write-protected file for reading without a word.
    if (writing && sqlite3_db_readonly(handle_->getHandle(), "main") == 1) {
        throw failed(fmt::format("{}: cannot open the database for writing: {}", path_.string(),
                                 open_failure_reason(absolute, true, "the file is read-only")));
    }
    const bool empty = check_database_header(*handle_, path_);
    if (empty && !writable()) {
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: is empty; accepted: a result database of longscope", path_.string()));
    }
    work_limit_ = std::make_unique<WorkLimit>(handle_->getHandle(), absolute);
    handle_->check(sqlite3_db_config(handle_->getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr));
    register_json_valid(*handle_);
    handle_->exec("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    if (writing) {
        // Every commit reaches the disk: a repetition that was stored survives a loss of power too. FULL is not enough
        // for a rollback journal: its folder is not synced, so that the journal may come back and undo the last commit.
        handle_->exec("PRAGMA synchronous = EXTRA");
    }
}

void Database::open() {
    const std::int64_t newest = options_.registry->back().revision;
    open_handle(writable());
    read_schema();
    if (revision_ < newest) {
        if (!writable()) {
            open_handle(true);
            check_schema();
        }
        const std::int64_t before = revision_;
        // Before WAL is chosen: the header with application_id is then in the file itself, not in a log beside it.
        migrate(*handle_, *options_.registry);
        if (before > 0) {
            notices_.push_back(
                fmt::format("{}: migrated from schema revision {} to {}", path_.string(), before, newest));
        }
        if (!writable()) {
            open_handle(false);
        }
        check_schema();
    }
    if (revision_ > newest) {
        use_own_views(*handle_, *options_.registry);
        notices_.push_back(
            fmt::format("{}: schema revision {} is newer than this program's {}: opened read-only, and "
                        "what the newer revision adds is not shown",
                        path_.string(), revision_, newest));
    }
    if (writable()) {
        choose_journal();
    }
    work_limit_->end();
}

void Database::read_schema() {
    try {
        check_schema();
    } catch (const SQLite::Exception& exception) {
        const int code = exception.getExtendedErrorCode();
        if (writable() || (code != SQLITE_READONLY_ROLLBACK && code != SQLITE_READONLY_RECOVERY)) {
            throw;
        }
        // A writer was killed: what it left half done must be undone before anybody can read.
        open_handle(true);
        check_schema();
        open_handle(false);
        check_schema();
    }
}

void Database::check_schema() {
    {
        // Revision and schema of one commit: another process may be migrating the file.
        const SQLite::Transaction view(*handle_);
        revision_ = schema_revision(*handle_);
        if (const std::int64_t newest = options_.registry->back().revision; revision_ <= newest) {
            require_own_schema(*handle_, path_, *options_.registry, revision_);
        } else if (writable()) {
            throw bad_input(path_.string(), fmt::format("schema revision {}", revision_), "is newer than this program",
                            fmt::format("revision {} and older for writing", newest));
        } else {
            require_known_tables(*handle_, path_, *options_.registry, revision_);
        }
    }
    work_limit_->trust_schema();
}

void Database::choose_journal() {
    std::string journal;
    std::string reason = "the file system gives no shared memory";
    try {
        journal = handle_->execAndGet("PRAGMA journal_mode = WAL").getString();
    } catch (const SQLite::Exception& exception) {
        reason = exception.what();
        journal = handle_->execAndGet("PRAGMA journal_mode = DELETE").getString();
    }
    if (journal == "wal") {
        return;
    }
    notices_.push_back(
        fmt::format("{}: no write-ahead log ({}): readers wait while a result is written", path_.string(), reason));
}

}  // namespace longscope
