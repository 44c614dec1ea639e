// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/stream.h"

#include <array>

#include "engine/base/words.h"

namespace longscope {

namespace {

constexpr std::array<std::string_view, stream_count> stream_words{"compute",       "send",           "receive",
                                                                  "outer_send",    "outer_receive",  "device_queue",
                                                                  "device_upload", "device_compute", "device_download"};

}  // namespace

std::string_view to_string(Stream stream) {
    return stream_words.at(static_cast<std::size_t>(stream));
}

Stream stream_from_string(std::string_view text) {
    return word_index<Stream>(stream_words, text, "stream");
}

}  // namespace longscope
