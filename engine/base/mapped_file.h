// SPDX-License-Identifier: GPL-3.0-or-later
// A file in memory without being read first. Read-only. A file that another process shortens meanwhile ends this one,
// as with every memory map.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace longscope {

class MappedFile {
  public:
    // Throws Error(bad_input) that names the file when it is missing, unreadable or not a regular file.
    explicit MappedFile(const std::filesystem::path& path);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();

    [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

  private:
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace longscope
