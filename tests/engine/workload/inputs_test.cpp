// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/inputs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "engine/tensor/element_type.h"
#include "engine/tensor/head_view.h"
#include "engine/workload/streams.h"

namespace longscope {
namespace {

std::vector<float> row_of(std::uint64_t seed, InputTensor tensor, std::int64_t head, std::int64_t position,
                          std::size_t dim, DType dtype = DType::float32) {
    std::vector<float> row(dim);
    make_input_row(seed, tensor, head, position, dtype, row);
    return row;
}

TEST(InputRow, DependsOnSeedTensorHeadAndPositionAndNothingElse) {
    const auto row = row_of(1, InputTensor::query, 0, 0, 64);
    EXPECT_EQ(row_of(1, InputTensor::query, 0, 0, 64), row);
    std::set<std::vector<float>> rows{row};
    rows.insert(row_of(2, InputTensor::query, 0, 0, 64));
    rows.insert(row_of(1, InputTensor::key, 0, 0, 64));
    rows.insert(row_of(1, InputTensor::value, 0, 0, 64));
    rows.insert(row_of(1, InputTensor::sinks, 0, 0, 64));
    rows.insert(row_of(1, InputTensor::output_gradient, 0, 0, 64));
    rows.insert(row_of(1, InputTensor::query, 1, 0, 64));
    rows.insert(row_of(1, InputTensor::query, 0, 1, 64));
    rows.insert(row_of(1, InputTensor::query, 4095, 0, 64));
    rows.insert(row_of(1, InputTensor::query, 0, (1 << 30) - 1, 64));
    EXPECT_EQ(rows.size(), 10U);
}

TEST(InputRow, OfAShorterHeadBeginsAlike) {
    const auto row = row_of(5, InputTensor::value, 3, 17, 64);
    for (const std::size_t dim : {1U, 2U, 3U, 5U, 63U}) {
        EXPECT_EQ(row_of(5, InputTensor::value, 3, 17, dim), std::vector<float>(row.begin(), row.begin() + dim));
    }
}

TEST(InputRow, OfAShorterTypeIsTheFloat32RowRoundedToTheNearest) {
    const auto row = row_of(7, InputTensor::key, 2, 30, 500);
    const auto as_bfloat16 = row_of(7, InputTensor::key, 2, 30, 500, DType::bfloat16);
    const auto as_float16 = row_of(7, InputTensor::key, 2, 30, 500, DType::float16);
    for (std::size_t i = 0; i < row.size(); ++i) {
        EXPECT_EQ(as_bfloat16[i], float_from_bfloat16(bfloat16_from_float(row[i])));
        EXPECT_EQ(as_float16[i], float_from_half(half_from_float(row[i])));
        // Half a unit in the last place of 8 and of 11 bits.
        EXPECT_LE(std::abs(as_bfloat16[i] - row[i]), std::ldexp(std::abs(row[i]), -8));
        EXPECT_LE(std::abs(as_float16[i] - row[i]), std::max(std::ldexp(std::abs(row[i]), -11), 0x1p-25F));
    }
}

TEST(Inputs, HoldTheRowsOfTheirPositionsInEveryType) {
    const std::vector<std::int64_t> positions{0, 1, 2, 900, 901, 5, (1 << 30) - 1};
    const auto tokens = static_cast<std::int64_t>(positions.size());
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        std::vector<std::byte> data(static_cast<std::size_t>(3 * tokens * 10 * size_bytes(dtype)), std::byte{0xFF});
        fill_inputs(9, InputTensor::key, {data, dtype, 3, tokens, 10}, positions);
        const HeadView view(data.data(), dtype, 3, tokens, 10);
        for (std::int64_t head = 0; head < 3; ++head) {
            for (std::int64_t token = 0; token < tokens; ++token) {
                std::vector<float> row(10);
                load_row(view, head, token, row.data());
                EXPECT_EQ(row,
                          row_of(9, InputTensor::key, head, positions[static_cast<std::size_t>(token)], 10, dtype));
            }
        }
    }
}

TEST(Inputs, AreStandardNormalAndUncorrelatedBetweenRows) {
    constexpr std::int64_t tokens = 4096;
    constexpr std::int64_t dim = 64;
    std::vector<std::int64_t> positions(tokens);
    std::iota(positions.begin(), positions.end(), 0);
    std::vector<float> data(2 * tokens * dim);
    fill_inputs(3, InputTensor::query, {std::as_writable_bytes(std::span(data)), DType::float32, 2, tokens, dim},
                positions);
    const double n = static_cast<double>(data.size());
    double sum = 0.0;
    double squares = 0.0;
    double next_row = 0.0;   // correlation with the next position
    double next_head = 0.0;  // and with the other head
    for (std::size_t i = 0; i < data.size(); ++i) {
        sum += data[i];
        squares += double{data[i]} * data[i];
        next_row += double{data[i]} * data[(i + dim) % data.size()];
        next_head += double{data[i]} * data[(i + data.size() / 2) % data.size()];
    }
    EXPECT_NEAR(sum / n, 0.0, 4.0 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 1.0, 4.0 * std::sqrt(2.0 / n));
    EXPECT_NEAR(next_row / n, 0.0, 4.0 / std::sqrt(n));
    EXPECT_NEAR(next_head / n, 0.0, 4.0 * std::sqrt(2.0 / n));  // every pair counts twice
}

TEST(InputSeed, DiffersBetweenDraws) {
    std::set<std::uint64_t> seeds;
    for (std::int64_t draw = 0; draw < 1000; ++draw) {
        seeds.insert(input_seed(1, draw));
        seeds.insert(input_seed(2, draw));
    }
    EXPECT_EQ(seeds.size(), 2000U);
    EXPECT_EQ(input_seed(1, 3), input_seed(1, 3));
}

}  // namespace
}  // namespace longscope
