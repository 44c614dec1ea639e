// SPDX-License-Identifier: GPL-3.0-or-later
// Tells the address sanitizer which part of memory that we divide ourselves is in use; without it nothing happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#if defined(__SANITIZE_ADDRESS__)
#define LONGSCOPE_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LONGSCOPE_ADDRESS_SANITIZER
#endif
#endif
#ifdef LONGSCOPE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace longscope {

// What is left free behind each part, so that writing beyond its end is seen.
#ifdef LONGSCOPE_ADDRESS_SANITIZER
inline constexpr std::int64_t red_zone_bytes = 64;
#else
inline constexpr std::int64_t red_zone_bytes = 0;
#endif

// Whoever touches it is reported, from its first multiple of 8 bytes on.
inline void forbid_access([[maybe_unused]] std::span<const std::byte> memory) {
#ifdef LONGSCOPE_ADDRESS_SANITIZER
    __asan_poison_memory_region(memory.data(), memory.size());
#endif
}

inline void allow_access([[maybe_unused]] std::span<const std::byte> memory) {
#ifdef LONGSCOPE_ADDRESS_SANITIZER
    __asan_unpoison_memory_region(memory.data(), memory.size());
#endif
}

}  // namespace longscope
