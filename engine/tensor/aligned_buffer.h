// SPDX-License-Identifier: GPL-3.0-or-later
// Memory for tensors: aligned to 64 bytes (a cache line, a 512-bit vector), zero-initialised on request only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

// Owns `size` elements of a trivial type. Movable, not copyable. The content is undefined until written.
template <typename T>
class AlignedBuffer {
    static_assert(std::is_trivial_v<T>);

  public:
    static constexpr std::size_t alignment_bytes = 64;

    AlignedBuffer() = default;
    // Throws Error(out_of_memory) that says how much was asked for.
    explicit AlignedBuffer(std::int64_t size) : size_(size) {
        const std::size_t bytes =
            (static_cast<std::size_t>(size) * sizeof(T) + alignment_bytes - 1) / alignment_bytes * alignment_bytes;
        if (bytes > 0) {
            // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the one place where memory is owned by hand.
            data_.reset(static_cast<T*>(std::aligned_alloc(alignment_bytes, bytes)));
            if (data_ == nullptr) {
                throw Error(ErrorKind::out_of_memory, "out of memory: a buffer of " +
                                                          format_bytes(static_cast<std::int64_t>(bytes)) +
                                                          " could not be allocated");
            }
        }
    }

    [[nodiscard]] T* data() { return data_.get(); }
    [[nodiscard]] const T* data() const { return data_.get(); }
    [[nodiscard]] std::int64_t size() const { return size_; }
    [[nodiscard]] std::int64_t size_bytes() const { return size_ * static_cast<std::int64_t>(sizeof(T)); }
    [[nodiscard]] T& operator[](std::int64_t i) { return data_.get()[i]; }
    [[nodiscard]] const T& operator[](std::int64_t i) const { return data_.get()[i]; }
    [[nodiscard]] std::span<T> span() { return {data_.get(), static_cast<std::size_t>(size_)}; }
    [[nodiscard]] std::span<const T> span() const { return {data_.get(), static_cast<std::size_t>(size_)}; }
    void fill(T value) { std::fill_n(data_.get(), size_, value); }

  private:
    struct Free {
        // NOLINTNEXTLINE(cppcoreguidelines-owning-memory)
        void operator()(T* pointer) const { std::free(pointer); }
    };
    std::unique_ptr<T, Free> data_;
    std::int64_t size_ = 0;
};

}  // namespace longscope
