// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/database_file.h"

#include <SQLiteCpp/Database.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::string_view accepted = "a result database of longscope";

// "FILE: WHY; accepted: ..."
Error not_ours(const std::filesystem::path& path, std::string_view why) {
    return {ErrorKind::bad_input, fmt::format("{}: {}; accepted: {}", path.string(), why, accepted)};
}

constexpr int header_bytes = 100;

std::int64_t big_endian_32(std::string_view header, std::size_t offset) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value = value * 256 + static_cast<unsigned char>(header[offset + i]);
    }
    return value;
}

// Whether a rollback journal says that nothing was in the file before the transaction that filled it. When power was
// lost in the middle of it, any part of the file may be missing, the header too, and SQLite will make it empty again.
bool was_empty_before(SQLite::Database& handle) {
    constexpr std::string_view journal_magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
    constexpr std::size_t page_records_offset = 8;
    constexpr std::size_t former_pages_offset = 16;
    std::array<char, 28> bytes{};
    const char* name = sqlite3_filename_journal(sqlite3_db_filename(handle.getHandle(), "main"));
    std::ifstream journal(name, std::ios::binary);
    const std::string_view header(bytes.data(), bytes.size());
    return journal.read(bytes.data(), bytes.size()) && header.substr(0, journal_magic.size()) == journal_magic &&
           big_endian_32(header, page_records_offset) == 0 && big_endian_32(header, former_pages_offset) == 0;
}

}  // namespace

void check_database_location(const std::filesystem::path& path, bool may_create) {
    namespace fs = std::filesystem;
    if (path.empty() || path.string().find('\0') != std::string::npos) {
        throw Error(ErrorKind::bad_input, "database: the file name is empty; accepted: a file name");
    }
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
        throw not_ours(path, "is a folder");
    }
    if (fs::is_regular_file(status)) {
        return;
    }
    if (fs::exists(status)) {
        throw not_ours(path, "is a special file");
    }
    if (status.type() != fs::file_type::not_found) {
        throw failed(fmt::format("{}: cannot open: {}", path.string(), error.message()));
    }
    if (!may_create) {
        throw not_ours(path, "does not exist");
    }
    const fs::path folder = fs::absolute(path).parent_path();
    const fs::file_status folder_status = fs::status(folder, error);
    if (!fs::is_directory(folder_status)) {
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: the folder {} {}; accepted: a file in a folder that exists", path.string(),
                                folder.string(), fs::exists(folder_status) ? "is a file" : "does not exist"));
    }
}

bool check_database_header(SQLite::Database& handle, const std::filesystem::path& path) {
    sqlite3_file* file = nullptr;
    handle.check(sqlite3_file_control(handle.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file));
    // Not SQLite's own size, which is 0 for a file of one byte.
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error || file == nullptr || file->pMethods == nullptr) {
        throw failed(fmt::format("{}: cannot read: {}", path.string(), system_error_text(error ? error.value() : EIO)));
    }
    if (size == 0) {
        return true;
    }
    std::array<char, header_bytes> bytes{};
    const std::string_view header(bytes.data(), bytes.size());
    constexpr std::string_view magic("SQLite format 3\0", 16);
    const bool read = size >= header_bytes && file->pMethods->xRead(file, bytes.data(), header_bytes, 0) == SQLITE_OK;
    if (!read || header.substr(0, magic.size()) != magic) {
        if (was_empty_before(handle)) {
            return true;
        }
        throw not_ours(path, "is not a database");
    }
    if (big_endian_32(header, 68) != database_application_id) {
        throw not_ours(path, "is a database of another program");
    }
    return false;
}

std::string open_failure_reason(const std::filesystem::path& path, bool writing, const std::string& otherwise) {
    const auto denied = [](const std::filesystem::path& asked, int mode) {
        return ::faccessat(AT_FDCWD, asked.c_str(), mode, AT_EACCESS) != 0 ? errno : 0;
    };
    std::error_code ignored;
    int error_number = 0;
    if (std::filesystem::exists(path, ignored)) {
        error_number = denied(path, writing ? R_OK | W_OK : R_OK);
    }
    if (error_number == 0 && writing) {
        error_number = denied(std::filesystem::absolute(path).parent_path(), W_OK | X_OK);
    }
    return error_number == 0 ? otherwise : system_error_text(error_number);
}

}  // namespace longscope
