// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "engine/base/hash.h"

namespace longscope {

Nanoseconds now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::int64_t clock_identity() {
    std::string boot;
    std::error_code unknown;
    const std::filesystem::path time_namespace = std::filesystem::read_symlink("/proc/self/ns/time", unknown);
    if (unknown || !(std::ifstream("/proc/sys/kernel/random/boot_id") >> boot)) {
        return 0;
    }
    return static_cast<std::int64_t>(fnv1a(boot + time_namespace.string()));
}

std::string utc_now_text() {
    const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto milliseconds = now.time_since_epoch().count() % 1000;
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                       milliseconds);
}

}  // namespace longscope
