// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/element_type.h"

#include <array>
#include <bit>
#include <cstring>

#include "engine/base/error.h"

namespace longscope {

static_assert(std::endian::native == std::endian::little);

namespace {

struct TypeFacts {
    std::string_view name;
    std::int64_t bytes;
};
constexpr std::array<TypeFacts, 4> facts{{{"float64", 8}, {"float32", 4}, {"float16", 2}, {"bfloat16", 2}}};

// As many as `to` has. The pointers of empty spans may be null, which memcpy must not be given.
void copy_bytes(std::span<std::byte> to, std::span<const std::byte> from) {
    if (!to.empty()) {
        std::memcpy(to.data(), from.data(), to.size());
    }
}

template <typename Stored, typename Convert>
void read_all(std::span<const std::byte> bytes, std::span<float> out, Convert convert) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        Stored stored{};
        std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
        out[i] = convert(stored);
    }
}

template <typename Stored, typename Convert>
void write_all(std::span<const float> values, std::span<std::byte> out, Convert convert) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Stored stored = convert(values[i]);
        std::memcpy(out.data() + i * sizeof(Stored), &stored, sizeof(Stored));
    }
}

}  // namespace

std::int64_t size_bytes(ElementType type) {
    return facts.at(static_cast<std::size_t>(type)).bytes;
}

std::string_view to_string(ElementType type) {
    return facts.at(static_cast<std::size_t>(type)).name;
}

ElementType element_type_named(std::string_view name, std::string_view field) {
    for (std::size_t i = 0; i < facts.size(); ++i) {
        if (facts.at(i).name == name) {
            return static_cast<ElementType>(i);
        }
    }
    throw bad_input(field, name, "is not a type of elements", "float64, float32, float16, bfloat16");
}

// IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits.
float float_from_half(std::uint16_t bits) {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16U;
    const std::uint32_t exponent = (bits >> 10U) & 0x1FU;
    const std::uint32_t fraction = bits & 0x3FFU;
    if (exponent == 0x1F) {
        return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13U);
    }
    if (exponent == 0) {
        // fraction x 2^-24, exact in float32.
        const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -magnitude : magnitude;
    }
    return std::bit_cast<float>(sign | (exponent + 112) << 23U | fraction << 13U);
}

ElementType element_type(DType dtype) {
    switch (dtype) {
        case DType::bfloat16:
            return ElementType::bfloat16;
        case DType::float16:
            return ElementType::float16;
        case DType::float32:
            break;
    }
    return ElementType::float32;
}

DType kernel_type(ElementType type) {
    switch (type) {
        case ElementType::bfloat16:
            return DType::bfloat16;
        case ElementType::float16:
            return DType::float16;
        case ElementType::float32:
        case ElementType::float64:
            break;
    }
    return DType::float32;
}

float float_from_bfloat16(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

std::uint16_t half_from_float(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16U) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U) {
        return static_cast<std::uint16_t>(sign | 0x7E00U | ((magnitude >> 13U) & 0x3FFU));
    }
    if (magnitude >= 0x477FF000U) {  // 65,520 and above round to infinity
        return static_cast<std::uint16_t>(sign | 0x7C00U);
    }
    if (magnitude < 0x38800000U) {
        // Below 2^-14: adding 0.5 leaves the multiple of 2^-24 in the lowest bits, rounded to even by the addition.
        const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U));
    }
    const std::uint32_t odd = (magnitude >> 13U) & 1U;
    return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xFFFU + odd) >> 13U));
}

std::uint16_t bfloat16_from_float(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U) {
        return static_cast<std::uint16_t>(bits >> 16U | 0x40U);  // NaN stays NaN
    }
    return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

void to_float(ElementType type, std::span<const std::byte> bytes, std::span<float> out) {
    switch (type) {
        case ElementType::float64:
            read_all<double>(bytes, out, [](double value) { return static_cast<float>(value); });
            return;
        case ElementType::float32:
            copy_bytes(std::as_writable_bytes(out), bytes);
            return;
        case ElementType::float16:
            read_all<std::uint16_t>(bytes, out, float_from_half);
            return;
        case ElementType::bfloat16:
            read_all<std::uint16_t>(bytes, out, float_from_bfloat16);
            return;
    }
}

void from_float(std::span<const float> values, ElementType type, std::span<std::byte> out) {
    switch (type) {
        case ElementType::float64:
            write_all<double>(values, out, [](float value) { return double{value}; });
            return;
        case ElementType::float32:
            copy_bytes(out.first(values.size_bytes()), std::as_bytes(values));
            return;
        case ElementType::float16:
            write_all<std::uint16_t>(values, out, half_from_float);
            return;
        case ElementType::bfloat16:
            write_all<std::uint16_t>(values, out, bfloat16_from_float);
            return;
    }
}

void round_to(DType dtype, std::span<float> values) {
    for (float& value : values) {
        if (dtype == DType::bfloat16) {
            value = float_from_bfloat16(bfloat16_from_float(value));
        } else if (dtype == DType::float16) {
            value = float_from_half(half_from_float(value));
        }
    }
}

}  // namespace longscope
