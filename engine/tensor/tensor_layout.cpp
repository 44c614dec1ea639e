// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/tensor_layout.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/registry.h"

namespace longscope {

const std::vector<TensorLayout>& tensor_layouts() {
    static const std::vector<TensorLayout> layouts{
        {"bhtd", "batch x heads x tokens x dim, as PyTorch's scaled_dot_product_attention", "bhtd"},
        {"bthd", "batch x tokens x heads x dim, as flash-attention", "bthd"},
        {"htd", "heads x tokens x dim", "htd"},
        {"thd", "tokens x heads x dim, as variable-length kernels with packed documents", "thd"},
    };
    return layouts;
}

const TensorLayout& find_layout(std::string_view name, std::size_t dimensions) {
    return find_entry(tensor_layouts(), name.empty() ? (dimensions == 4 ? "bhtd" : "htd") : name, "--layout",
                      "a layout");
}

bool LaidOutTensor::is_viewable() const {
    const auto address = reinterpret_cast<std::uintptr_t>(stored.bytes.data());
    return stored.type != ElementType::float64 && address % static_cast<std::uintptr_t>(size_bytes(stored.type)) == 0;
}

bool LaidOutTensor::is_head_matrix() const {
    return stored.type == ElementType::float32 && is_viewable() && token_stride == dim && head_stride == tokens * dim;
}

LaidOutTensor lay_out(const StoredTensor& stored, const TensorLayout& layout, const std::string& field) {
    if (stored.shape.size() != layout.order.size()) {
        throw bad_input(field, shape_text(stored.shape), fmt::format("has {} dimensions", stored.shape.size()),
                        fmt::format("{}: {}", layout.name, layout.meaning));
    }
    LaidOutTensor tensor;
    tensor.stored = stored;
    std::int64_t stride = 1;
    for (std::size_t i = layout.order.size(); i-- > 0;) {
        const std::int64_t extent = stored.shape[i];
        switch (layout.order[i]) {
            case 'b':
                tensor.batch = extent;
                tensor.batch_stride = stride;
                break;
            case 'h':
                tensor.heads = extent;
                tensor.head_stride = stride;
                break;
            case 't':
                tensor.tokens = extent;
                tensor.token_stride = stride;
                break;
            default:
                tensor.dim = extent;
                break;
        }
        stride *= extent;
    }
    return tensor;
}

HeadMatrix<const float> head_matrix(const LaidOutTensor& tensor, std::int64_t item, std::vector<float>& room) {
    const std::int64_t element = size_bytes(tensor.stored.type);
    if (tensor.is_head_matrix()) {
        const auto* data = reinterpret_cast<const float*>(tensor.stored.bytes.data()) + item * tensor.batch_stride;
        return {data, tensor.heads, tensor.tokens, tensor.dim};
    }
    room.resize(static_cast<std::size_t>(tensor.heads * tensor.tokens * tensor.dim));
    for (std::int64_t token = 0; token < tensor.tokens; ++token) {
        for (std::int64_t head = 0; head < tensor.heads; ++head) {
            const std::int64_t first =
                item * tensor.batch_stride + head * tensor.head_stride + token * tensor.token_stride;
            const auto row = static_cast<std::size_t>((head * tensor.tokens + token) * tensor.dim);
            to_float(tensor.stored.type,
                     tensor.stored.bytes.subspan(static_cast<std::size_t>(first * element),
                                                 static_cast<std::size_t>(tensor.dim * element)),
                     std::span(room).subspan(row, static_cast<std::size_t>(tensor.dim)));
        }
    }
    return {room.data(), tensor.heads, tensor.tokens, tensor.dim};
}

HeadView head_view(const LaidOutTensor& tensor, std::int64_t item, std::vector<float>& room) {
    if (!tensor.is_viewable()) {
        return head_matrix(tensor, item, room);
    }
    const std::byte* first = tensor.stored.bytes.data() + item * tensor.batch_stride * size_bytes(tensor.stored.type);
    HeadView view(first, tensor.viewed_type(), tensor.heads, tensor.tokens, tensor.dim);
    view.head_stride = tensor.head_stride;
    view.token_stride = tensor.token_stride;
    return view;
}

void write_head_matrix(HeadMatrix<const float> item, const TensorLayout& layout, ElementType type, std::ostream& out) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(item.dim * size_bytes(type)));
    const auto write_row = [&](std::int64_t head, std::int64_t token) {
        from_float({item.row(head, token), static_cast<std::size_t>(item.dim)}, type, bytes);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    };
    const bool heads_first = layout.order.find('h') < layout.order.find('t');
    for (std::int64_t i = 0; i < (heads_first ? item.heads : item.tokens); ++i) {
        for (std::int64_t j = 0; j < (heads_first ? item.tokens : item.heads); ++j) {
            write_row(heads_first ? i : j, heads_first ? j : i);
        }
    }
}

std::vector<std::int64_t> shape_in(const TensorLayout& layout, std::int64_t batch, std::int64_t heads,
                                   std::int64_t tokens, std::int64_t dim) {
    std::vector<std::int64_t> shape;
    for (const char dimension : layout.order) {
        shape.push_back(dimension == 'b' ? batch : dimension == 'h' ? heads : dimension == 't' ? tokens : dim);
    }
    return shape;
}

}  // namespace longscope
