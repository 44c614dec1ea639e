// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/units.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

namespace longscope {

namespace {

// Three significant digits: 1.23, 12.3, 123.
std::string three_digits(double value) {
    const double magnitude = std::abs(value);
    const int decimals = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f}", value, decimals);
}

std::string scaled(double value, double base, const std::array<std::string_view, 6>& prefixes, std::string_view unit) {
    std::size_t index = 0;
    // 999.5 would print as "1000": move on to the next prefix before that.
    while (std::abs(value) >= base - 0.5 && index + 1 < prefixes.size()) {
        value /= base;
        ++index;
    }
    const std::string number =
        index == 0 && value == std::floor(value) ? fmt::format("{:.0f}", value) : three_digits(value);
    return fmt::format("{} {}{}", number, prefixes.at(index), unit);
}

constexpr std::array<std::string_view, 6> decimal_prefixes{"", "k", "M", "G", "T", "P"};
constexpr std::array<std::string_view, 6> binary_prefixes{"", "Ki", "Mi", "Gi", "Ti", "Pi"};

}  // namespace

std::string format_duration(Nanoseconds duration_ns) {
    const double ns = static_cast<double>(duration_ns);
    if (std::abs(ns) < 999.5) {
        return fmt::format("{} ns", duration_ns);
    }
    if (std::abs(ns) < 999.5e3) {
        return three_digits(ns / 1e3) + " us";
    }
    if (std::abs(ns) < 999.5e6) {
        return three_digits(ns / 1e6) + " ms";
    }
    if (std::abs(ns) < 120e9) {
        return three_digits(ns / 1e9) + " s";
    }
    const auto seconds = static_cast<std::int64_t>(std::llround(ns / 1e9));
    if (seconds < 7200) {
        return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
    }
    return fmt::format("{} h {:02} min", seconds / 3600, seconds % 3600 / 60);
}

std::string format_bytes(std::int64_t bytes) {
    return scaled(static_cast<double>(bytes), 1024.0, binary_prefixes, "B");
}

std::string format_count(std::int64_t count) {
    std::string digits = std::to_string(count).substr(count < 0 ? 1 : 0);  // the smallest number has no negative
    for (std::int64_t i = static_cast<std::int64_t>(digits.size()) - 3; i > 0; i -= 3) {
        digits.insert(static_cast<std::size_t>(i), ",");
    }
    return count < 0 ? "-" + digits : digits;
}

std::string format_short_count(double count) {
    std::string text = scaled(count, 1000.0, decimal_prefixes, "");
    while (!text.empty() && text.back() == ' ') {
        text.pop_back();
    }
    return text;
}

std::string format_percent(double share) {
    const double percent = share * 100.0;
    return percent != 0.0 && std::abs(percent) < 0.995 ? fmt::format("{:#.2g} %", percent)
                                                       : fmt::format("{:.1f} %", percent);
}

std::string format_flops_per_s(double flops_per_s) {
    return scaled(flops_per_s, 1000.0, decimal_prefixes, "FLOP/s");
}

std::string format_tokens(std::int64_t tokens) {
    constexpr std::int64_t kibi = 1024;
    if (tokens >= kibi * kibi && tokens % (kibi * kibi) == 0) {
        return fmt::format("{}M", tokens / (kibi * kibi));
    }
    if (tokens >= kibi && tokens % kibi == 0) {
        return fmt::format("{}K", tokens / kibi);
    }
    return format_count(tokens);
}

}  // namespace longscope
