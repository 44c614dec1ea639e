// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/stored_probabilities.h"

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

void StoredProbabilities::require_room(std::int64_t bytes) const {
    if (bytes > budget_bytes_) {
        throw Error(ErrorKind::out_of_memory, "stored probabilities take " + format_bytes(bytes) +
                                                  ", more than the budget of " + format_bytes(budget_bytes_) +
                                                  ": without them the backward pass computes them again");
    }
}

}  // namespace longscope
