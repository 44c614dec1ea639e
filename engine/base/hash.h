// SPDX-License-Identifier: GPL-3.0-or-later
// A stable fingerprint of text, to tell whether two ranks or two files mean the same thing. Not cryptographic.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace longscope {

// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv, section 5).
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325U) {
    std::uint64_t hash = seed;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3U;
    }
    return hash;
}

// Sixteen hexadecimal digits.
[[nodiscard]] std::string hash_text(std::uint64_t hash);

}  // namespace longscope
