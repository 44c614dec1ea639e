// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/sqlite_error.h"

#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>
#include <sqlite3.h>

namespace longscope {

namespace {

ErrorKind kind_of(const SQLite::Exception& exception) {
    switch (exception.getErrorCode()) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_INTERRUPT:
        case SQLITE_ERROR:  // a table or view that is not there: not the schema of this revision
            return ErrorKind::bad_input;
        case SQLITE_NOMEM:
            return ErrorKind::out_of_memory;
        default:
            return ErrorKind::failed;
    }
}

}  // namespace

std::string sqlite_reason(const SQLite::Exception& exception) {
    switch (exception.getErrorCode()) {
        case SQLITE_FULL:
            return "the disk is full";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another program holds the file locked";
        case SQLITE_READONLY:
            return "the file or its folder is read-only";
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return "permission denied";
        case SQLITE_PROTOCOL:
            return "the file system gives no locks; use a folder on a local disk";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return "the file is damaged";
        case SQLITE_TOOBIG:
            return "a value is too large";
        case SQLITE_NOMEM:
            return "out of memory";
        case SQLITE_INTERRUPT:  // storage/work_limit.h
            return "the file is damaged: there is more to read than in any file of its size from this program";
        default:
            return exception.what();
    }
}

Error database_error(const SQLite::Exception& exception, const std::filesystem::path& path, const std::string& what) {
    return {kind_of(exception), fmt::format("{}: cannot {}: {}", path.string(), what, sqlite_reason(exception))};
}

}  // namespace longscope
