// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/csv_field.h"

#include <fmt/format.h>

#include <cmath>

namespace longscope {

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c;
        if (c == '"') {
            quoted += '"';
        }
    }
    return quoted + '"';
}

std::string csv_field(double value) {
    return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

std::string csv_field(std::int64_t value) {
    return std::to_string(value);
}

}  // namespace longscope
