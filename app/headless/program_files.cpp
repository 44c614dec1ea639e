// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/program_files.h"

#include <algorithm>
#include <fstream>

#include "engine/base/error.h"

namespace longscope {

std::filesystem::path own_program() {
    std::error_code error;
    std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) {
        throw failed("/proc/self/exe: cannot read: " + error.message());
    }
    return program;
}

std::filesystem::path engine_beside() {
    return own_program().parent_path() / "longscope-engine";
}

std::string own_command_line() {
    std::ifstream file("/proc/self/cmdline");
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!text.empty() && text.back() == '\0') {
        text.pop_back();
    }
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
}

std::filesystem::path resource_path(std::string_view name) {
    std::error_code unknown;  // where /proc is not mounted
    const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
    for (const char* resources : {LONGSCOPE_RESOURCES_WHEN_INSTALLED, LONGSCOPE_RESOURCES_WHEN_BUILT}) {
        std::error_code missing;
        std::filesystem::path path = std::filesystem::canonical(folder / resources / name, missing);
        if (!missing) {
            return path;
        }
    }
    return name;
}

}  // namespace longscope
