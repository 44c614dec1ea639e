// SPDX-License-Identifier: GPL-3.0-or-later
// How frameworks order the dimensions of queries, keys, values and outputs, and how that becomes what kernels take.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tensor/head_view.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

struct TensorLayout {
    std::string_view name;
    std::string_view meaning;
    std::string_view order;  // of b(atch), h(eads), t(okens), d(im)
};

[[nodiscard]] const std::vector<TensorLayout>& tensor_layouts();
// Empty: bhtd for four dimensions, htd for three. Throws Error(bad_input) that lists the names.
[[nodiscard]] const TensorLayout& find_layout(std::string_view name, std::size_t dimensions);

// A stored tensor with its dimensions told apart.
struct LaidOutTensor {
    StoredTensor stored;
    std::int64_t batch = 1;
    std::int64_t heads = 0;
    std::int64_t tokens = 0;
    std::int64_t dim = 0;
    // In elements, from one batch item, head or token to the next; elements of one row lie together.
    std::int64_t batch_stride = 0;
    std::int64_t head_stride = 0;
    std::int64_t token_stride = 0;

    // Whether a batch item lies as heads x tokens x dim of float32 at an address that a kernel may read from.
    [[nodiscard]] bool is_head_matrix() const;
    // Whether kernels can read the elements where they lie: of a type of theirs, at an address that is a multiple of
    // it.
    [[nodiscard]] bool is_viewable() const;
    // What head_view() gives them.
    [[nodiscard]] DType viewed_type() const { return is_viewable() ? kernel_type(stored.type) : DType::float32; }
};

// `field` is for messages. Throws Error(bad_input) when the number of dimensions is not the layout's.
[[nodiscard]] LaidOutTensor lay_out(const StoredTensor& stored, const TensorLayout& layout, const std::string& field);

// One batch item as heads x tokens x dim of float32: a view of the file where that is possible, otherwise a copy that
// fills `room`, which must live as long as the result.
[[nodiscard]] HeadMatrix<const float> head_matrix(const LaidOutTensor& tensor, std::int64_t item,
                                                  std::vector<float>& room);

// One batch item in the type in which it is stored: a view of the file where that is possible, otherwise a copy in
// float32 that fills `room`, which must live as long as the result.
[[nodiscard]] HeadView head_view(const LaidOutTensor& tensor, std::int64_t item, std::vector<float>& room);

// Writes batch items, one after the other, in a layout; every item is heads x tokens x dim. All layouts have the batch
// outermost.
void write_head_matrix(HeadMatrix<const float> item, const TensorLayout& layout, ElementType type, std::ostream& out);

// The extents of a tensor in a layout.
[[nodiscard]] std::vector<std::int64_t> shape_in(const TensorLayout& layout, std::int64_t batch, std::int64_t heads,
                                                 std::int64_t tokens, std::int64_t dim);

}  // namespace longscope
