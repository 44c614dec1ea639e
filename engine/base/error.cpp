// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"

#include <fmt/format.h>

#include <system_error>

namespace longscope {

std::string one_line(std::string_view text, std::size_t max_bytes) {
    const bool cut = text.size() > max_bytes;
    if (cut) {
        // Not inside a character: continuation bytes are 10xxxxxx.
        while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xC0U) == 0x80U) {
            --max_bytes;
        }
        text = text.substr(0, max_bytes);
    }
    std::string line;
    for (const char c : text) {
        line += (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? ' ' : c;
    }
    return cut ? line + "..." : line;
}

Error bad_input(std::string_view field, std::string_view value, std::string_view why, std::string_view accepted) {
    return {ErrorKind::bad_input, fmt::format("{}: {} {}; accepted: {}", one_line(field, 500), one_line(value, 120),
                                              one_line(why, 500), one_line(accepted, 2000))};
}

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::bad_input:
            return "bad input";
        case ErrorKind::failed:
            return "failed";
        case ErrorKind::unsupported:
            return "unsupported";
        case ErrorKind::infeasible:
            return "infeasible";
        case ErrorKind::out_of_memory:
            return "out of memory";
        case ErrorKind::cancelled:
            return "cancelled";
    }
    return "failed";
}

std::string system_error_text(int error_number) {
    return std::generic_category().message(error_number);
}

}  // namespace longscope
