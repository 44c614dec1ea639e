// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/data_folder.h"

#include <fmt/format.h>

#include <cstdlib>

#include "engine/base/error.h"

namespace longscope {

namespace {

// Empty when the variable is not set.
std::filesystem::path from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

std::filesystem::path data_folder() {
    if (auto folder = from_environment("LONGSCOPE_DATA_FOLDER"); !folder.empty()) {
        return folder;
    }
    if (const auto folder = from_environment("XDG_DATA_HOME"); folder.is_absolute()) {
        return folder / "longscope";
    }
    if (const auto home = from_environment("HOME"); !home.empty()) {
        return home / ".local" / "share" / "longscope";
    }
    return "longscope-data";
}

}  // namespace

std::filesystem::path default_database_path() {
    return data_folder() / "results.db";
}

std::filesystem::path program_cache_folder() {
    constexpr const char* programs = "kernels";
    if (const auto folder = from_environment("LONGSCOPE_CACHE_FOLDER"); !folder.empty()) {
        return folder / programs;
    }
    if (const auto folder = from_environment("XDG_CACHE_HOME"); folder.is_absolute()) {
        return folder / "longscope" / programs;
    }
    if (const auto home = from_environment("HOME"); !home.empty()) {
        return home / ".cache" / "longscope" / programs;
    }
    return {};
}

void create_folder_of(const std::filesystem::path& file) {
    const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw failed(fmt::format("{}: cannot make the folder: {}", folder.string(), error.message()));
    }
}

}  // namespace longscope
