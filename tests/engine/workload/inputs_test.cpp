// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/inputs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "engine/workload/streams.h"

namespace longscope {
namespace {

std::vector<float> row_of(std::uint64_t seed, InputTensor tensor, std::int64_t head, std::int64_t position,
                          std::size_t dim) {
    std::vector<float> row(dim);
    make_input_row(seed, tensor, head, position, row);
    return row;
}

TEST(InputRow, DependsOnSeedTensorHeadAndPositionAndNothingElse) {
    const auto row = row_of(1, InputTensor::query, 0, 0, 64);
    EXPECT_EQ(row_of(1, InputTensor::query, 0, 0, 64), row);
    std::set<std::vector<float>> rows{row};
    rows.insert(row_of(2, InputTensor::query, 0, 0, 64));
    rows.insert(row_of(1, InputTensor::key, 0, 0, 64));
    rows.insert(row_of(1, InputTensor::value, 0, 0, 64));
    rows.insert(row_of(1, InputTensor::query, 1, 0, 64));
    rows.insert(row_of(1, InputTensor::query, 0, 1, 64));
    rows.insert(row_of(1, InputTensor::query, 4095, 0, 64));
    rows.insert(row_of(1, InputTensor::query, 0, (1 << 30) - 1, 64));
    EXPECT_EQ(rows.size(), 8U);
}

TEST(InputRow, OfAShorterHeadBeginsAlike) {
    const auto row = row_of(5, InputTensor::value, 3, 17, 64);
    for (const std::size_t dim : {1U, 2U, 3U, 5U, 63U}) {
        EXPECT_EQ(row_of(5, InputTensor::value, 3, 17, dim), std::vector<float>(row.begin(), row.begin() + dim));
    }
}

TEST(Inputs, HoldTheRowsOfTheirPositions) {
    const std::vector<std::int64_t> positions{0, 1, 2, 900, 901, 5, (1 << 30) - 1};
    std::vector<float> data(3 * positions.size() * 10, std::nanf(""));
    const HeadMatrix<float> out{data.data(), 3, static_cast<std::int64_t>(positions.size()), 10};
    fill_inputs(9, InputTensor::key, out, positions);
    for (std::int64_t head = 0; head < out.heads; ++head) {
        for (std::int64_t token = 0; token < out.tokens; ++token) {
            const std::vector<float> row(out.row(head, token), out.row(head, token) + out.dim);
            EXPECT_EQ(row, row_of(9, InputTensor::key, head, positions[static_cast<std::size_t>(token)], 10));
        }
    }
}

TEST(Inputs, AreStandardNormalAndUncorrelatedBetweenRows) {
    constexpr std::int64_t tokens = 4096;
    constexpr std::int64_t dim = 64;
    std::vector<std::int64_t> positions(tokens);
    std::iota(positions.begin(), positions.end(), 0);
    std::vector<float> data(2 * tokens * dim);
    fill_inputs(3, InputTensor::query, HeadMatrix<float>{data.data(), 2, tokens, dim}, positions);
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
