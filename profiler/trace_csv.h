// SPDX-License-Identifier: GPL-3.0-or-later
// Events as a table for other programs: CSV after RFC 4180, units in the names of the columns.
#pragma once

#include <span>
#include <string>

#include "engine/trace/trace.h"

namespace longscope {

// In their order. Without a message the column flow is empty.
[[nodiscard]] std::string trace_csv(std::span<const TraceEvent* const> events);

}  // namespace longscope
