// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/units.h"

namespace longscope {

namespace {

std::int64_t first_multiple_from(std::int64_t begin, std::int64_t step) {
    const std::int64_t below = begin / step * step;
    return below < begin ? below + step : below;
}

struct TimeUnit {
    std::string_view name;
    Nanoseconds size_ns;
};

constexpr std::array<TimeUnit, 4> time_units{{{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}}};

}  // namespace

std::vector<Tick> token_ticks(Range tokens, int max_ticks) {
    std::int64_t step = 1;
    while (tokens.size() / step > std::max(max_ticks, 1)) {
        step *= 2;
    }
    // One form along an axis: not 1K beside 1,536.
    constexpr std::int64_t kibi = 1024;
    const bool all_in_kibi = step % kibi == 0;
    std::vector<Tick> ticks;
    for (std::int64_t value = first_multiple_from(tokens.begin, step); value <= tokens.end; value += step) {
        ticks.push_back({value, all_in_kibi ? format_tokens(value) : format_count(value)});
    }
    return ticks;
}

std::vector<Tick> byte_ticks(std::int64_t bytes, int max_ticks) {
    std::int64_t step = 1;
    while (bytes / step > std::max(max_ticks, 1)) {
        step *= 2;
    }
    std::vector<Tick> ticks;
    for (std::int64_t value = 0; value <= bytes; value += step) {
        ticks.push_back({value, format_bytes(value)});
    }
    return ticks;
}

std::vector<Tick> time_ticks(Nanoseconds begin_ns, Nanoseconds span_ns, int max_ticks) {
    Nanoseconds step_ns = 1;
    for (int i = 0; span_ns / step_ns > std::max(max_ticks, 1); ++i) {
        step_ns = i % 3 == 1 ? step_ns / 2 * 5 : step_ns * 2;  // 1, 2, 5, 10, ...
    }
    const Nanoseconds last_ns = begin_ns + span_ns;
    TimeUnit unit = time_units.front();
    for (const TimeUnit& candidate : time_units) {
        if (candidate.size_ns <= std::max(last_ns, step_ns)) {
            unit = candidate;
        }
    }
    int decimals = 0;
    for (Nanoseconds size_ns = unit.size_ns; step_ns % size_ns != 0; size_ns /= 10) {
        ++decimals;
    }
    std::vector<Tick> ticks;
    for (Nanoseconds value = first_multiple_from(begin_ns, step_ns); value <= last_ns; value += step_ns) {
        const double number = static_cast<double>(value) / static_cast<double>(unit.size_ns);
        ticks.push_back({value, fmt::format("{:.{}f} {}", number, decimals, unit.name)});
    }
    return ticks;
}

}  // namespace longscope
