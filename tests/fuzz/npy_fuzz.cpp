// SPDX-License-Identifier: GPL-3.0-or-later
// .npy files.
#include "engine/tensor/integer_array.h"
#include "engine/tensor/npy.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/tensor_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace longscope;
    const auto file = fuzz::bytes_of(data, size);
    fuzz::accepts([&] {
        const IntegerArray integers = IntegerArray::parse(file, "input.npy");
        fuzz::require(integers.size() <= static_cast<std::int64_t>(size), "an array lies in its file");
        for (std::int64_t i = 0; i < integers.size(); ++i) {
            (void)integers.at(i);
        }
    });
    StoredTensor tensor;
    if (!fuzz::accepts([&] { tensor = read_npy(file, "input.npy"); })) {
        return 0;
    }
    fuzz::require_lies_in(tensor, file);
    std::string written = npy_header(tensor.shape, tensor.type);
    written.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    const StoredTensor again = read_npy(std::as_bytes(std::span(written)), "written.npy");
    fuzz::require_same(tensor, again);
    return 0;
}
