// SPDX-License-Identifier: GPL-3.0-or-later
// A file that appears whole or not at all, written piece by piece: beside its place first, flushed to disk and renamed
// at the end.
#pragma once

#include <array>
#include <filesystem>
#include <ostream>
#include <streambuf>
#include <string>

namespace longscope {

class AtomicFile : private std::streambuf {
  public:
    // Throws Error(failed) that names the file when nothing can be written there; so does commit(), also for what the
    // stream could not write before.
    explicit AtomicFile(std::filesystem::path path);
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    AtomicFile(AtomicFile&&) = delete;
    AtomicFile& operator=(AtomicFile&&) = delete;
    // Without commit() nothing remains.
    ~AtomicFile() override;

    [[nodiscard]] std::ostream& stream() { return stream_; }
    void commit();

  private:
    int_type overflow(int_type character) override;
    int sync() override;
    // False, and error_number_ set, when the disk does not take it.
    bool write_out();
    void close();

    std::filesystem::path path_;
    std::string temporary_;
    int descriptor_ = -1;
    int error_number_ = 0;
    std::array<char, 1 << 16> buffer_{};
    std::ostream stream_;
};

}  // namespace longscope
