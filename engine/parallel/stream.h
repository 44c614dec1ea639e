// SPDX-License-Identifier: GPL-3.0-or-later
// The streams of a rank: what stands in one runs in order, different ones run beside one another. Transfers over slow
// links that quicker ones must not wait behind have streams of their own: the outer ones. Those of a device are of
// traces alone: no schedule names them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace longscope {

enum class Stream : std::uint8_t {
    compute,
    send,
    receive,
    outer_send,
    outer_receive,
    device_queue,
    device_upload,
    device_compute,
    device_download
};

inline constexpr std::size_t stream_count = 9;
// Of schedules: those before the device's.
inline constexpr std::size_t scheduled_stream_count = 5;
[[nodiscard]] constexpr bool is_of_device(Stream stream) {
    return static_cast<std::size_t>(stream) >= scheduled_stream_count;
}
// Of transfers, in the order in which they are moved on.
inline constexpr std::array<Stream, 4> transfer_streams{Stream::receive, Stream::send, Stream::outer_receive,
                                                        Stream::outer_send};

[[nodiscard]] std::string_view to_string(Stream stream);
// Throws Error(failed) for a word that to_string does not return.
[[nodiscard]] Stream stream_from_string(std::string_view text);

}  // namespace longscope
