// SPDX-License-Identifier: GPL-3.0-or-later
// The streams of a rank: what stands in one runs in order, different ones run beside one another.
#pragma once

#include <cstdint>
#include <string_view>

namespace longscope {

enum class Stream : std::uint8_t { compute, send, receive };

[[nodiscard]] std::string_view to_string(Stream stream);
// Throws Error(failed) for a word that to_string does not return.
[[nodiscard]] Stream stream_from_string(std::string_view text);

}  // namespace longscope
