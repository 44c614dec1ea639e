// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of an input as what the parsers take: text, or bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// What libFuzzer, or replay_main.cpp in its place, calls. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace longscope::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

inline std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

}  // namespace longscope::fuzz
