// SPDX-License-Identifier: GPL-3.0-or-later
// Which attend a rank computes next, while one is computed: its keys can be read ahead.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/parallel/schedule.h"

namespace longscope {

// `compute`: the operations of the compute stream, of which `current` is computed; `completed`: of the schedule's
// operations, by their ids. Null where the next attend is of another kind, its keys have not all come from other ranks,
// or something in between touches them.
[[nodiscard]] const Operation* next_attend(const Schedule& schedule, const std::vector<const Operation*>& compute,
                                           std::size_t current, const std::vector<unsigned char>& completed);

}  // namespace longscope
