// SPDX-License-Identifier: GPL-3.0-or-later
// Bounds what one operation makes SQLite do. A few pages that name one another in circles hold more rows than anybody
// can read, and one long text that a hundred thousand rows refer to fills any memory. Counted in steps and bytes, not
// in seconds: a file is refused everywhere or nowhere.
#pragma once

#include <cstdint>
#include <filesystem>

struct sqlite3;

namespace longscope {

class WorkLimit {
  public:
    // For a connection to which no statement was given yet; it must be closed before this is gone. The first operation,
    // to open the file, begins here; in it work, values and statements are small until the schema was looked at, as
    // nothing stops a function that computes over large ones.
    WorkLimit(sqlite3* handle, std::filesystem::path file);
    WorkLimit(const WorkLimit&) = delete;
    WorkLimit& operator=(const WorkLimit&) = delete;
    WorkLimit(WorkLimit&&) = delete;
    WorkLimit& operator=(WorkLimit&&) = delete;
    ~WorkLimit() = default;

    void trust_schema();

    // Operations may contain others: the outermost counts. What goes beyond it fails with SQLITE_INTERRUPT.
    void begin();
    void end() { --depth_; }

    // The share of what is allowed that the last operation took.
    [[nodiscard]] double used() const;

  private:
    static int on_progress(void* self) noexcept;
    static int on_row(unsigned event, void* self, void* statement, void* unused) noexcept;
    [[nodiscard]] std::int64_t file_bytes() const;
    void limit_values();
    [[nodiscard]] bool exceeded();
    [[nodiscard]] bool exceeds() const;

    sqlite3* handle_;
    std::filesystem::path file_;
    std::filesystem::path log_;  // the write-ahead log
    std::int64_t steps_per_page_;
    bool schema_trusted_ = false;
    int depth_ = 1;
    std::int64_t bytes_ = 0;      // of the file, when last asked
    std::int64_t work_ = 0;       // of this operation: steps, and pages as steps that take as long
    std::int64_t delivered_ = 0;  // bytes that its rows gave to us
};

// One operation, as long as it lives.
class LimitedWork {
  public:
    explicit LimitedWork(WorkLimit& limit) : limit_(limit) { limit_.begin(); }
    LimitedWork(const LimitedWork&) = delete;
    LimitedWork& operator=(const LimitedWork&) = delete;
    LimitedWork(LimitedWork&&) = delete;
    LimitedWork& operator=(LimitedWork&&) = delete;
    ~LimitedWork() { limit_.end(); }

  private:
    WorkLimit& limit_;
};

}  // namespace longscope
