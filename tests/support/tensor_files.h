// SPDX-License-Identifier: GPL-3.0-or-later
// An attention problem written as files of tensors, and results read back.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "engine/base/mapped_file.h"
#include "engine/tensor/npy.h"
#include "engine/tensor/tensor_layout.h"
#include "tests/support/attention_case.h"

namespace longscope {

inline void write_npy(const std::string& path, HeadMatrix<const float> matrix, const std::string& layout,
                      ElementType type = ElementType::float32) {
    const TensorLayout& order = find_layout(layout, 0);
    std::ofstream out(path, std::ios::binary);
    out << npy_header(shape_in(order, 1, matrix.heads, matrix.tokens, matrix.dim), type);
    write_head_matrix(matrix, order, type, out);
}

// As heads x tokens x dim.
inline std::vector<float> read_npy_floats(const std::string& path, const std::string& layout) {
    const MappedFile file(path);
    const StoredTensor stored = read_npy(file.bytes(), path);
    std::vector<float> room;
    const HeadMatrix<const float> matrix = head_matrix(lay_out(stored, find_layout(layout, 0), path), 0, room);
    return {matrix.data, matrix.data + matrix.size()};
}

// q.npy, k.npy and v.npy in a folder; inputs are rounded to `type` first, so that the files hold exactly them.
inline AttentionInputs write_inputs(const AttentionCase& problem, const std::string& folder, const std::string& layout,
                                    ElementType type = ElementType::float32) {
    AttentionInputs inputs(problem);
    for (std::vector<float>* values : {&inputs.queries, &inputs.keys, &inputs.values}) {
        std::vector<std::byte> stored(values->size() * static_cast<std::size_t>(size_bytes(type)));
        from_float(*values, type, stored);
        to_float(type, stored, *values);
    }
    write_npy(folder + "/q.npy", inputs.q(), layout, type);
    write_npy(folder + "/k.npy", inputs.k(), layout, type);
    write_npy(folder + "/v.npy", inputs.v(), layout, type);
    return inputs;
}

}  // namespace longscope
