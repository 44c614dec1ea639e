// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/tensor_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/tensor/npy.h"
#include "engine/tensor/safetensors.h"

namespace longscope {

namespace {

struct Place {
    std::string path;
    std::string name;
};

// A colon belongs to the file's name when there is such a file.
Place split(const std::string& place) {
    const std::size_t colon = place.find(".safetensors:");
    std::error_code ignored;
    if (colon == std::string::npos || std::filesystem::exists(place, ignored)) {
        return {place, ""};
    }
    const std::size_t end = colon + std::string_view(".safetensors").size();
    return {place.substr(0, end), place.substr(end + 1)};
}

bool is_npy(std::span<const std::byte> file) {
    return !file.empty() && file.front() == std::byte{0x93};
}

StoredTensor choose(std::span<const std::byte> file, const std::string& path, const std::string& name) {
    const std::map<std::string, StoredTensor> tensors = read_safetensors(file, path);
    if (const auto found = tensors.find(name); found != tensors.end()) {
        return found->second;
    }
    if (name.empty() && tensors.size() == 1) {
        return tensors.begin()->second;
    }
    constexpr std::size_t most_names = 20;
    std::vector<std::string> names;
    for (const auto& [known, tensor] : tensors) {
        if (names.size() == most_names) {
            names.push_back(fmt::format("... ({} in all)", tensors.size()));
            break;
        }
        names.push_back(known);
    }
    throw bad_input(path, name.empty() ? "a file without the name of a tensor" : name,
                    name.empty() ? "is not enough" : "is no tensor in it",
                    fmt::format("{}:NAME with one of {}", path, fmt::join(names, ", ")));
}

}  // namespace

TensorFile::TensorFile(const std::string& place)
    : place_(place), path_(split(place).path), name_(split(place).name), file_(path_) {
    if (is_npy(file_.bytes())) {
        if (!name_.empty()) {
            throw bad_input(place_, name_, "is not needed: a .npy file holds one tensor", path_.string());
        }
        tensor_ = read_npy(file_.bytes(), path_.string());
    } else {
        tensor_ = choose(file_.bytes(), path_.string(), name_);
    }
}

}  // namespace longscope
