// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/work_limit.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace longscope {

namespace {

constexpr int steps_between_looks = 100;
constexpr std::int64_t bytes_per_step = 128;  // of a page: reading one takes as long as that many steps
constexpr std::int64_t default_page_bytes = 4096;

// What this program wrote asks for up to 6 steps a byte, to insert it, and delivers up to 3 bytes, and these limits do
// not depend on the machine. A core makes about 100 million steps a second.
constexpr std::int64_t free_work = 10'000'000;
constexpr std::int64_t unchecked_work = 100'000;  // SQLite takes in a schema of n objects in a time of n squared
constexpr std::int64_t work_per_byte = 30;
constexpr std::int64_t free_delivery_bytes = 4 << 20;
constexpr std::int64_t delivery_per_byte = 8;
constexpr std::int64_t bytes_per_column = 16;  // beside those of a text

constexpr std::int64_t max_value_bytes = 256 << 20;
constexpr std::int64_t max_value_bytes_of_small_file = 1 << 20;
constexpr int max_unchecked_value_bytes = 16 << 10;

std::int64_t size_of(const std::filesystem::path& file) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    return error ? 0 : static_cast<std::int64_t>(size);
}

// SQLite's own counters; `reset` lets them begin again.
std::int64_t counted(sqlite3* handle, int what, bool reset) {
    int count = 0;
    int highest = 0;
    sqlite3_db_status(handle, what, &count, &highest, reset ? 1 : 0);
    return count;
}

std::int64_t page_bytes(sqlite3* handle) {
    std::int64_t bytes = 0;
    const auto take = [](void* to, int /*columns*/, char** values, char** /*names*/) {
        *static_cast<std::int64_t*>(to) = std::strtoll(values[0], nullptr, 10);
        return 0;
    };
    sqlite3_exec(handle, "PRAGMA page_size", take, &bytes, nullptr);
    return bytes;
}

}  // namespace

WorkLimit::WorkLimit(sqlite3* handle, std::filesystem::path file)
    : handle_(handle),
      file_(std::move(file)),
      log_(file_.string() + "-wal"),
      steps_per_page_(default_page_bytes / bytes_per_step) {
    sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, max_unchecked_value_bytes);
    sqlite3_limit(handle_, SQLITE_LIMIT_SQL_LENGTH, max_unchecked_value_bytes);
    sqlite3_progress_handler(handle_, steps_between_looks, on_progress, this);
    sqlite3_trace_v2(handle_, SQLITE_TRACE_ROW, on_row, this);
    bytes_ = file_bytes();
}

void WorkLimit::trust_schema() {
    schema_trusted_ = true;
    work_ = 0;
    delivered_ = 0;
    steps_per_page_ = std::max(default_page_bytes, page_bytes(handle_)) / bytes_per_step;
    sqlite3_limit(handle_, SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(max_value_bytes));
    limit_values();
}

void WorkLimit::begin() {
    if (depth_++ > 0) {
        return;
    }
    work_ = 0;
    delivered_ = 0;
    bytes_ = file_bytes();
    limit_values();
}

// No value of a file is larger than the file; one that is written may be.
void WorkLimit::limit_values() {
    if (schema_trusted_) {
        const bool reading = sqlite3_db_readonly(handle_, "main") == 1;
        const std::int64_t largest = std::clamp(bytes_, max_value_bytes_of_small_file, max_value_bytes);
        sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, static_cast<int>(reading ? largest : max_value_bytes));
    }
}

// With the write-ahead log, and what was not written yet.
std::int64_t WorkLimit::file_bytes() const {
    return size_of(file_) + size_of(log_) + counted(handle_, SQLITE_DBSTATUS_CACHE_USED, false);
}

double WorkLimit::used() const {
    const auto bytes = static_cast<double>(std::max(bytes_, file_bytes()));
    return std::max(static_cast<double>(work_) / (free_work + work_per_byte * bytes),
                    static_cast<double>(delivered_) / (free_delivery_bytes + delivery_per_byte * bytes));
}

bool WorkLimit::exceeds() const {
    return work_ > free_work + work_per_byte * bytes_ || delivered_ > free_delivery_bytes + delivery_per_byte * bytes_;
}

bool WorkLimit::exceeded() {
    if (!schema_trusted_) {
        return work_ > unchecked_work;
    }
    if (depth_ == 0 || !exceeds()) {
        return false;
    }
    bytes_ = std::max(bytes_, file_bytes());  // what this operation itself writes counts, too
    return exceeds();
}

int WorkLimit::on_progress(void* self) noexcept {
    auto& limit = *static_cast<WorkLimit*>(self);
    const std::int64_t pages = counted(limit.handle_, SQLITE_DBSTATUS_CACHE_HIT, true) +
                               counted(limit.handle_, SQLITE_DBSTATUS_CACHE_MISS, true);
    limit.work_ += steps_between_looks + limit.steps_per_page_ * pages;
    return limit.exceeded() ? 1 : 0;
}

int WorkLimit::on_row(unsigned /*event*/, void* self, void* statement, void* /*unused*/) noexcept {
    auto& limit = *static_cast<WorkLimit*>(self);
    auto* row = static_cast<sqlite3_stmt*>(statement);
    const int columns = sqlite3_column_count(row);
    limit.delivered_ += columns * bytes_per_column;
    for (int column = 0; column < columns; ++column) {
        if (const int type = sqlite3_column_type(row, column); type == SQLITE_TEXT || type == SQLITE_BLOB) {
            limit.delivered_ += sqlite3_column_bytes(row, column);
        }
    }
    if (limit.exceeded()) {
        sqlite3_interrupt(limit.handle_);
    }
    return 0;
}

}  // namespace longscope
