// SPDX-License-Identifier: GPL-3.0-or-later
// Arrays of integers as NumPy keeps them in files: what libraries exchange masks in. The elements are shared between
// copies and never change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace longscope {

enum class IntegerType { boolean, uint8, int32, int64 };

class IntegerArray {
  public:
    // Of no elements.
    IntegerArray() = default;
    // As many values as the shape says.
    IntegerArray(std::vector<std::int64_t> shape, std::vector<std::int32_t> values);
    // `type` is boolean or uint8.
    IntegerArray(std::vector<std::int64_t> shape, std::vector<std::uint8_t> values, IntegerType type);

    // A .npy file of |b1, |u1, <i4 or <i8, mapped into memory and not read before it is asked for. Throws
    // Error(bad_input) that names the file.
    [[nodiscard]] static IntegerArray open(const std::filesystem::path& path);
    // The same of the bytes of such a file, which must outlive the array and its copies.
    [[nodiscard]] static IntegerArray parse(std::span<const std::byte> file, const std::string& name);

    [[nodiscard]] IntegerType type() const { return type_; }
    [[nodiscard]] const std::vector<std::int64_t>& shape() const { return shape_; }
    [[nodiscard]] std::int64_t size() const { return size_; }
    [[nodiscard]] std::int64_t at(std::int64_t index) const;
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

    // As a .npy file.
    void write(std::ostream& stream) const;

  private:
    IntegerType type_ = IntegerType::int32;
    std::vector<std::int64_t> shape_{0};
    std::int64_t size_ = 0;
    std::shared_ptr<const void> keeper_;  // of the bytes
    std::span<const std::byte> bytes_;
};

}  // namespace longscope
