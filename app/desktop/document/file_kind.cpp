// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/file_kind.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/experiment/experiment.h"
#include "engine/workload/length_file.h"

namespace longscope {

namespace {

bool begins_as_database(const std::filesystem::path& path) {
    constexpr std::string_view magic("SQLite format 3\0", 16);
    std::string head(magic.size(), ' ');
    std::ifstream file(path, std::ios::binary);
    return file.read(head.data(), static_cast<std::streamsize>(head.size())) && head == magic;
}

}  // namespace

FileKind kind_of_file(const std::filesystem::path& path) {
    const std::string suffix = path.extension().string();
    if (suffix == ".db" || suffix == ".sqlite" || begins_as_database(path)) {
        return FileKind::database;
    }
    if (suffix == ".npy" || suffix == ".safetensors") {
        throw bad_input(path.string(), "tensors", "cannot be shown yet",
                        "an experiment, lengths, a histogram or a database; `longscope-engine attend` and `verify` "
                        "take tensors");
    }
    const std::string content = read_bounded_file(path, max_length_file_bytes);
    const std::size_t first = content.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && content[first] == '{' &&
        looks_like_experiment(parse_json(content, path.string()))) {
        return FileKind::experiment;
    }
    (void)parse_lengths(content, path.string());
    return FileKind::lengths;
}

}  // namespace longscope
