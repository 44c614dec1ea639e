// SPDX-License-Identifier: GPL-3.0-or-later
// RapidCheck generators of stripes and of zones under them, small enough to list all of their pairs.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <ostream>

#include "engine/mask/striped_zone.h"

namespace longscope {

inline constexpr std::int64_t striped_tokens = 24;

std::ostream& operator<<(std::ostream& out, const Stripe& stripe);

std::ostream& operator<<(std::ostream& out, const StripedZone& striped);

[[nodiscard]] rc::Gen<Stripe> any_stripe();

// Bounds as they fall: often loose, sometimes empty; from no stripe to three, of different axes or moduli.
[[nodiscard]] rc::Gen<StripedZone> any_striped_zone();

}  // namespace longscope
