// SPDX-License-Identifier: GPL-3.0-or-later
// A backend of ours in the place of another implementation: measured in turns with the cpu backend.
#pragma once

#include <string_view>

#include "profiler/peers/peer.h"

namespace longscope {

// The entry of a backend; PeerSettings::backend must name the same one. Throws Error(bad_input) that lists the names.
[[nodiscard]] PeerEntry backend_as_peer(std::string_view backend);

}  // namespace longscope
