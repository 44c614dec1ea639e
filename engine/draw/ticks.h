// SPDX-License-Identifier: GPL-3.0-or-later
// Where an axis carries marks, and what they say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/mask/zone.h"

namespace longscope {

struct Tick {
    std::int64_t value = 0;
    std::string label;
    [[nodiscard]] bool operator==(const Tick&) const = default;
};

// Multiples of a power of two within `tokens` (its end included), at most max_ticks + 1 of them, all in
// one form: "0", "16K", "32K", or "0", "512", "1,024".
[[nodiscard]] std::vector<Tick> token_ticks(Range tokens, int max_ticks);

// Multiples of a power of two from 0 to `bytes`, at most max_ticks + 1 of them: "0 B", "4.00 MiB".
[[nodiscard]] std::vector<Tick> byte_ticks(std::int64_t bytes, int max_ticks);

// Multiples of 1, 2 or 5 times a power of ten nanoseconds from 0 to `span_ns`, from `begin_ns` on, at most
// max_ticks + 1 of them, all in one unit: "0 ms", "2.5 ms".
[[nodiscard]] std::vector<Tick> time_ticks(Nanoseconds begin_ns, Nanoseconds span_ns, int max_ticks);

}  // namespace longscope
