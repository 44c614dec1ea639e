// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/random.h"

#include <cmath>
#include <numbers>

namespace longscope {

namespace {

constexpr std::uint32_t low(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}
constexpr std::uint32_t high(std::uint64_t value) {
    return static_cast<std::uint32_t>(value >> 32U);
}

std::array<std::uint32_t, 4> block_of(std::uint64_t seed, std::uint64_t stream, std::uint64_t block) {
    return philox4x32({low(block), high(block), low(stream), high(stream)}, {low(seed), high(seed)});
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
    constexpr std::uint64_t multiplier0 = 0xD2511F53U;
    constexpr std::uint64_t multiplier1 = 0xCD9E8D57U;
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product0 = multiplier0 * counter[0];
        const std::uint64_t product1 = multiplier1 * counter[2];
        counter = {high(product1) ^ counter[1] ^ key[0], low(product1), high(product0) ^ counter[3] ^ key[1],
                   low(product0)};
        key[0] += 0x9E3779B9U;
        key[1] += 0xBB67AE85U;
    }
    return counter;
}

std::uint64_t RandomStream::next_u64() {
    const auto words = block_of(seed_, stream_, counter_++);
    return (static_cast<std::uint64_t>(words[1]) << 32U) | words[0];
}

double RandomStream::next_unit() {
    return static_cast<double>(next_u64() >> 11U) * 0x1p-53;
}

std::uint64_t RandomStream::next_below(std::uint64_t bound) {
    // Reject the top, incomplete copy of [0, bound).
    const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    std::uint64_t value = next_u64();
    while (value >= limit) {
        value = next_u64();
    }
    return value % bound;
}

std::array<float, 4> normal4(std::uint64_t seed, std::uint64_t stream, std::uint64_t block) {
    const auto words = block_of(seed, stream, block);
    std::array<float, 4> result{};
    for (std::size_t pair = 0; pair < 2; ++pair) {
        // (0, 1]: the logarithm stays finite; float32 is enough for inputs that are used as they are.
        const float u = (static_cast<float>(words[2 * pair] >> 8U) + 1.0F) * 0x1p-24F;
        const float angle = static_cast<float>(words[2 * pair + 1] >> 8U) * 0x1p-24F * 2.0F * std::numbers::pi_v<float>;
        const float radius = std::sqrt(-2.0F * std::log(u));
        result[2 * pair] = radius * std::cos(angle);
        result[2 * pair + 1] = radius * std::sin(angle);
    }
    return result;
}

}  // namespace longscope
