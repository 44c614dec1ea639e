// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/tensor_layout.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <sstream>

#include "tests/support/message_of.h"

namespace longscope {
namespace {

// 2 x 3 x 4 x 5 by batch, head, token, dim: the value of an element tells where it belongs.
float value_at(std::int64_t batch, std::int64_t head, std::int64_t token, std::int64_t dim) {
    return static_cast<float>(batch * 1000 + head * 100 + token * 10 + dim);
}

TEST(TensorLayout, ReadsAndWritesEveryOrderOfDimensions) {
    for (const TensorLayout& layout : tensor_layouts()) {
        SCOPED_TRACE(layout.name);
        for (const ElementType type : {ElementType::float32, ElementType::float64, ElementType::bfloat16}) {
            const std::int64_t batch = layout.order.size() == 4 ? 2 : 1;
            std::ostringstream out;
            for (std::int64_t item = 0; item < batch; ++item) {
                std::vector<float> values;
                for (std::int64_t h = 0; h < 3; ++h) {
                    for (std::int64_t t = 0; t < 4; ++t) {
                        for (std::int64_t d = 0; d < 5; ++d) {
                            values.push_back(value_at(0, h, t, d) / 512);
                        }
                    }
                }
                write_head_matrix({values.data(), 3, 4, 5}, layout, type, out);
            }
            const std::string text = out.str();
            StoredTensor stored{type, shape_in(layout, batch, 3, 4, 5), std::as_bytes(std::span(text))};
            const LaidOutTensor tensor = lay_out(stored, layout, "q");
            EXPECT_EQ(tensor.batch, batch);
            EXPECT_EQ(tensor.heads, 3);
            EXPECT_EQ(tensor.tokens, 4);
            EXPECT_EQ(tensor.dim, 5);
            for (std::int64_t item = 0; item < batch; ++item) {
                std::vector<float> room;
                const HeadMatrix<const float> matrix = head_matrix(tensor, item, room);
                EXPECT_EQ(room.empty(), tensor.is_head_matrix()) << "nothing is copied that need not be";
                for (std::int64_t h = 0; h < 3; ++h) {
                    for (std::int64_t t = 0; t < 4; ++t) {
                        const float expected = value_at(0, h, t, 3) / 512;
                        EXPECT_EQ(matrix.row(h, t)[3], type == ElementType::bfloat16
                                                           ? float_from_bfloat16(bfloat16_from_float(expected))
                                                           : expected);
                    }
                }
            }
        }
    }
}

TEST(TensorLayout, ElementsStandWhereTheNameOfTheLayoutSays) {
    std::vector<float> values(120);
    std::iota(values.begin(), values.end(), 0.0F);
    const StoredTensor stored{ElementType::float32, {2, 4, 3, 5}, std::as_bytes(std::span(values))};
    std::vector<float> room;
    // Batch 1, token 2, head 1, element 4 of batch x tokens x heads x dim.
    const LaidOutTensor tensor = lay_out(stored, find_layout("bthd", 4), "q");
    EXPECT_EQ(head_matrix(tensor, 1, room).row(1, 2)[4], ((1 * 4 + 2) * 3 + 1) * 5 + 4);
}

TEST(TensorLayout, IsSeenInItsOwnTypeWhereItLiesUnlessThatIsFloat64OrMisaligned) {
    for (const TensorLayout& layout : tensor_layouts()) {
        for (const ElementType type :
             {ElementType::float64, ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
            for (const std::size_t offset : {0U, 1U}) {
                SCOPED_TRACE(std::string(layout.name) + " " + std::string(to_string(type)) + " at " +
                             std::to_string(offset));
                const std::int64_t batch = layout.order.size() == 4 ? 2 : 1;
                // Whole numbers below 128, which all types have.
                std::vector<float> numbers(static_cast<std::size_t>(batch) * 60);
                std::iota(numbers.begin(), numbers.end(), 0.0F);
                std::vector<std::byte> file(numbers.size() * static_cast<std::size_t>(size_bytes(type)) + offset);
                const std::span<std::byte> bytes = std::span(file).subspan(offset);
                from_float(numbers, type, bytes);
                const LaidOutTensor tensor = lay_out({type, shape_in(layout, batch, 3, 4, 5), bytes}, layout, "q");
                const bool in_place = type != ElementType::float64 && offset == 0;
                EXPECT_EQ(tensor.is_viewable(), in_place);
                for (std::int64_t item = 0; item < batch; ++item) {
                    std::vector<float> room;
                    std::vector<float> copy;
                    const HeadView view = head_view(tensor, item, room);
                    const HeadMatrix<const float> matrix = head_matrix(tensor, item, copy);
                    EXPECT_EQ(room.empty(), in_place);
                    EXPECT_EQ(view.dtype, in_place ? kernel_type(type) : DType::float32);
                    EXPECT_EQ(view.dtype, tensor.viewed_type());
                    for (std::int64_t i = 0; i < 12; ++i) {
                        std::array<float, 5> row{};
                        load_row(view, i / 4, i % 4, row.data());
                        EXPECT_TRUE(std::equal(row.begin(), row.end(), matrix.row(i / 4, i % 4)));
                    }
                }
            }
        }
    }
}

TEST(TensorLayout, IsChosenByTheNumberOfDimensionsUnlessItIsNamed) {
    EXPECT_EQ(find_layout("", 4).name, "bhtd");
    EXPECT_EQ(find_layout("", 3).name, "htd");
    EXPECT_EQ(find_layout("thd", 3).name, "thd");
    EXPECT_EQ(message_of([] { (void)find_layout("hdt", 3); }),
              "--layout: hdt is not a layout; accepted: bhtd, bthd, htd, thd");
    const StoredTensor stored{ElementType::float32, {4, 4}, {}};
    EXPECT_EQ(message_of([&] { (void)lay_out(stored, find_layout("htd", 2), "--q"); }),
              "--q: 4 x 4 has 2 dimensions; accepted: htd: heads x tokens x dim");
}

}  // namespace
}  // namespace longscope
