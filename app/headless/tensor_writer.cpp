// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/tensor_writer.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include "engine/base/error.h"
#include "engine/tensor/npy.h"
#include "engine/tensor/safetensors.h"

namespace longscope {

namespace {

bool is_safetensors(const std::string& path) {
    return std::filesystem::path(path).extension() == ".safetensors";
}

}  // namespace

void check_tensor_name(const std::string& path, const char* option) {
    if (!is_safetensors(path) && std::filesystem::path(path).extension() != ".npy") {
        throw bad_input(option, path, "is not the name of a file of tensors",
                        "a name that ends in .npy or .safetensors");
    }
}

TensorWriter::TensorWriter(const std::string& path, const char* name, const std::vector<std::int64_t>& shape,
                           ElementType type)
    : file_(path), type_(type) {
    file_.stream() << (is_safetensors(path) ? safetensors_header({{name, shape, type}}) : npy_header(shape, type));
}

void TensorWriter::write(const float* elements, std::int64_t count) {
    constexpr std::int64_t at_a_time = 4096;
    std::vector<std::byte> bytes(static_cast<std::size_t>(at_a_time * size_bytes(type_)));
    for (std::int64_t first = 0; first < count; first += at_a_time) {
        const auto some = static_cast<std::size_t>(std::min(at_a_time, count - first));
        const std::span<std::byte> stored = std::span(bytes).first(some * static_cast<std::size_t>(size_bytes(type_)));
        from_float({elements + first, some}, type_, stored);
        stream().write(reinterpret_cast<const char*>(stored.data()), static_cast<std::streamsize>(stored.size()));
    }
}

}  // namespace longscope
