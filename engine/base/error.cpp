// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"

#include <fmt/format.h>

#include <system_error>

namespace longscope {

Error bad_input(std::string_view field, std::string_view value, std::string_view why, std::string_view accepted) {
    // A value can come from an untrusted file: keep the line one line, and short.
    std::string shown;
    for (const char c : value.substr(0, 120)) {
        shown += (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? ' ' : c;
    }
    if (value.size() > 120) {
        shown += "...";
    }
    return {ErrorKind::bad_input, fmt::format("{}: {} {}; accepted: {}", field, shown, why, accepted)};
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
