// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/memory.h"

#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace longscope {

namespace {

constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> number_in(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::int64_t number = 0;
    return file >> number ? std::optional(number) : std::nullopt;  // "max" is no number
}

// The number after a word, as in "MemAvailable: 1234 kB".
std::optional<std::int64_t> number_after(const std::filesystem::path& path, const std::string& word) {
    std::ifstream file(path);
    std::string name;
    for (std::string rest; file >> name; std::getline(file, rest)) {
        std::int64_t number = 0;
        if (name == word && file >> number) {
            return number;
        }
    }
    return std::nullopt;
}

// What a control group (version 2) leaves; files that the kernel would drop at once do not count as used.
std::int64_t left_in_group(const std::filesystem::path& folder) {
    const std::optional<std::int64_t> limit = number_in(folder / "memory.max");
    const std::optional<std::int64_t> used = number_in(folder / "memory.current");
    if (!limit || !used) {
        return unlimited;
    }
    const std::int64_t reclaimable = number_after(folder / "memory.stat", "inactive_file").value_or(0);
    return std::max<std::int64_t>(0, *limit - *used + std::min(reclaimable, *used));
}

// "0::/user.slice/session": the group of this process, below the root of the groups.
std::filesystem::path own_group(const std::filesystem::path& proc) {
    std::ifstream file(proc / "self/cgroup");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("0::/", 0) == 0) {
            return line.substr(4);
        }
    }
    return {};
}

}  // namespace

std::int64_t available_memory_bytes(const std::filesystem::path& proc, const std::filesystem::path& groups) {
    std::int64_t available = unlimited;
    if (const auto kib = number_after(proc / "meminfo", "MemAvailable:")) {
        available = *kib * 1024;
    }
    // The limits of all groups above it hold as well.
    std::filesystem::path folder = groups;
    available = std::min(available, left_in_group(folder));
    for (const std::filesystem::path& part : own_group(proc)) {
        folder /= part;
        available = std::min(available, left_in_group(folder));
    }
    return available;
}

void keep_freed_memory() {
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
}

}  // namespace longscope
