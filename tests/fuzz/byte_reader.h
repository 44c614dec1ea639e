// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of an input as a list of small choices, for targets whose inputs are no text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace longscope::fuzz {

class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    // 0 where there are none left.
    std::uint8_t next() {
        if (bytes_.empty()) {
            return 0;
        }
        const auto value = std::to_integer<std::uint8_t>(bytes_.front());
        bytes_ = bytes_.subspan(1);
        return value;
    }
    std::int64_t below(std::int64_t end) { return next() % end; }
    // One of a list, which is not empty.
    template <typename List>
    auto one_of(const List& list) {
        return list[next() % std::size(list)];
    }

  private:
    std::span<const std::byte> bytes_;
};

}  // namespace longscope::fuzz
