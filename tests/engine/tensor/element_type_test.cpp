// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/element_type.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "engine/base/error.h"

namespace longscope {
namespace {

// Of a format with so many exponent and fraction bits, straight from IEEE 754's definition.
double value_of(std::uint16_t bits, int exponent_bits, int fraction_bits) {
    const int exponent = (bits >> fraction_bits) & ((1 << exponent_bits) - 1);
    const double fraction = std::ldexp(bits & ((1 << fraction_bits) - 1), -fraction_bits);
    const double sign = (bits & 0x8000U) != 0 ? -1.0 : 1.0;
    const int bias = (1 << (exponent_bits - 1)) - 1;
    if (exponent == (1 << exponent_bits) - 1) {
        return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::quiet_NaN();
    }
    return exponent == 0 ? sign * std::ldexp(fraction, 1 - bias) : sign * std::ldexp(1 + fraction, exponent - bias);
}

TEST(ElementType, KernelsAreGivenEachTypeAsItselfAndFloat64AsFloat32) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        EXPECT_EQ(kernel_type(element_type(dtype)), dtype);
    }
    EXPECT_EQ(kernel_type(ElementType::float64), DType::float32);
}

TEST(ElementType, RoundingGivesTheNearestThatTheTypeHasAndChangesItNoMore) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        std::vector<float> values{1.0F, 1.00390625F, 1.01F, -3.14159F, 1e-3F, 0.0F};
        std::vector<std::byte> stored(values.size() * static_cast<std::size_t>(size_bytes(dtype)));
        from_float(values, element_type(dtype), stored);
        std::vector<float> read(values.size());
        to_float(element_type(dtype), stored, read);
        round_to(dtype, values);
        EXPECT_EQ(values, read);
        round_to(dtype, values);
        EXPECT_EQ(values, read);
    }
}

TEST(ElementType, EveryHalfAndBfloat16IsReadExactlyAndComesBack) {
    for (std::uint32_t i = 0; i < 0x10000; ++i) {
        const auto bits = static_cast<std::uint16_t>(i);
        const double half = value_of(bits, 5, 10);
        const double bfloat16 = value_of(bits, 8, 7);
        if (std::isnan(half)) {
            ASSERT_TRUE(std::isnan(float_from_half(bits))) << i;
            ASSERT_TRUE(std::isnan(value_of(half_from_float(float_from_half(bits)), 5, 10))) << i;
        } else {
            ASSERT_EQ(float_from_half(bits), half) << i;
            ASSERT_EQ(half_from_float(float_from_half(bits)), bits) << i;
        }
        if (std::isnan(bfloat16)) {
            ASSERT_TRUE(std::isnan(float_from_bfloat16(bits))) << i;
            ASSERT_TRUE(std::isnan(value_of(bfloat16_from_float(float_from_bfloat16(bits)), 8, 7))) << i;
        } else {
            ASSERT_EQ(float_from_bfloat16(bits), bfloat16) << i;
            ASSERT_EQ(bfloat16_from_float(float_from_bfloat16(bits)), bits) << i;
        }
    }
}

// Ties included: half-way between any two neighbours goes to the one whose last bit is zero.
TEST(ElementType, WhatLiesBetweenTwoNeighboursGoesToTheNearer) {
    for (std::uint32_t i = 0; i < 0x7BFF; ++i) {
        const float low = float_from_half(static_cast<std::uint16_t>(i));
        const float high = float_from_half(static_cast<std::uint16_t>(i + 1));
        const float middle = low + (high - low) / 2;
        ASSERT_EQ(half_from_float(middle), i % 2 == 0 ? i : i + 1) << i;
        ASSERT_EQ(half_from_float(std::nextafterf(middle, 0)), i) << i;
        ASSERT_EQ(half_from_float(std::nextafterf(middle, high)), i + 1) << i;
        ASSERT_EQ(half_from_float(-middle), (i % 2 == 0 ? i : i + 1) | 0x8000U) << i;
    }
    EXPECT_EQ(half_from_float(65519.996F), 0x7BFF);
    EXPECT_EQ(half_from_float(65520.0F), 0x7C00) << "to infinity";
    for (std::uint32_t i = 0; i < 0x7F7F; ++i) {
        const float low = float_from_bfloat16(static_cast<std::uint16_t>(i));
        const float middle = std::bit_cast<float>(std::bit_cast<std::uint32_t>(low) + 0x8000U);
        ASSERT_EQ(bfloat16_from_float(middle), i % 2 == 0 ? i : i + 1) << i;
        ASSERT_EQ(bfloat16_from_float(std::nextafterf(middle, 0)), i) << i;
        ASSERT_EQ(bfloat16_from_float(std::nextafterf(middle, std::numeric_limits<float>::infinity())), i + 1) << i;
    }
}

RC_GTEST_PROP(ElementType, ArraysAreConvertedElementByElementAtAnyAddress, ()) {
    const auto values = *rc::gen::container<std::vector<float>>(rc::gen::map(
        rc::gen::inRange<std::uint32_t>(0, 0x7F000000), [](std::uint32_t bits) { return std::bit_cast<float>(bits); }));
    const auto shift = *rc::gen::inRange<std::size_t>(0, 8);
    for (const ElementType type :
         {ElementType::float64, ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
        const auto size = values.size() * static_cast<std::size_t>(size_bytes(type));
        std::vector<std::byte> bytes(size + shift);
        from_float(values, type, std::span(bytes).subspan(shift));
        std::vector<float> back(values.size());
        to_float(type, std::span(bytes).subspan(shift), back);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const float expected = type == ElementType::float16    ? float_from_half(half_from_float(values[i]))
                                   : type == ElementType::bfloat16 ? float_from_bfloat16(bfloat16_from_float(values[i]))
                                                                   : values[i];
            RC_ASSERT(back[i] == expected);
        }
    }
}

TEST(ElementType, IsKnownByName) {
    EXPECT_EQ(element_type_named("bfloat16", "--type"), ElementType::bfloat16);
    EXPECT_THROW((void)element_type_named("int8", "--type"), Error);
}

}  // namespace
}  // namespace longscope
