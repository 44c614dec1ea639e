// SPDX-License-Identifier: GPL-3.0-or-later
// .safetensors files.
#include "engine/tensor/safetensors.h"

#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/tensor_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace longscope;
    const auto file = fuzz::bytes_of(data, size);
    std::map<std::string, StoredTensor> tensors;
    if (!fuzz::accepts([&] { tensors = read_safetensors(file, "input.safetensors"); })) {
        return 0;
    }
    std::vector<SafetensorsEntry> entries;
    std::string elements;
    std::size_t bytes = 0;
    for (const auto& [name, tensor] : tensors) {
        fuzz::require_lies_in(tensor, file);
        entries.push_back({name, tensor.shape, tensor.type});
        elements.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
        bytes += tensor.bytes.size();
    }
    fuzz::require(bytes <= size, "tensors do not overlap");
    const std::string written = safetensors_header(entries) + elements;
    const auto again = read_safetensors(std::as_bytes(std::span(written)), "written.safetensors");
    fuzz::require(again.size() == tensors.size(), "as many tensors as were written");
    for (const auto& [name, tensor] : tensors) {
        fuzz::require_same(tensor, again.at(name));
    }
    return 0;
}
