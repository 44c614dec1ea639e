// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/uuid.h"

#include <fmt/format.h>

#include <cstdint>
#include <random>

namespace longscope {

std::string random_uuid() {
    std::random_device device;
    const auto next = [&] { return std::uint32_t{device()}; };
    const std::uint32_t a = next();
    const std::uint32_t b = (next() & 0xffff0fffU) | 0x00004000U;  // version 4
    const std::uint32_t c = (next() & 0x3fffffffU) | 0x80000000U;  // variant 1 0
    const std::uint32_t d = next();
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", a, b >> 16U, b & 0xffffU, c >> 16U, c & 0xffffU, d);
}

}  // namespace longscope
