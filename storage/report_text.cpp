// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/report_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr std::size_t max_value_length = 160;

}  // namespace

std::string report_value(const Json& value) {
    std::vector<std::string> parts;
    if (value.is_object()) {
        for (const auto& member : value.items()) {
            const bool nested = member.value().is_structured();
            parts.push_back(nested ? fmt::format("{} ({})", member.key(), report_value(member.value()))
                                   : fmt::format("{} {}", member.key(), report_value(member.value())));
        }
    } else if (value.is_array()) {
        for (std::size_t i = 0; i < std::min<std::size_t>(value.size(), 8); ++i) {
            parts.push_back(report_value(value[i]));
        }
        if (value.size() > parts.size()) {
            parts.push_back(fmt::format("... {} in all", value.size()));
        }
    } else {
        parts.push_back(value.is_string() ? value.get<std::string>() : shown(value));
    }
    std::string text = fmt::format("{}", fmt::join(parts, ", "));
    return text.size() > max_value_length ? text.substr(0, max_value_length) + "..." : text;
}

std::string report_duration(double duration_ns) {
    // Beyond this a conversion to an integer would be undefined; no real duration comes near (a file may say so).
    return std::abs(duration_ns) < 9e18 ? format_duration(std::llround(duration_ns)) : "-";
}

std::string report_error(double error) {
    return std::isnan(error) ? "not a number" : fmt::format("{:.2g}", error);
}

}  // namespace longscope
