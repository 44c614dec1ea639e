// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the ranks have the memory that their schedules need, before they allocate it.
#pragma once

#include "engine/execute/communicator.h"
#include "engine/parallel/memory_ledger.h"

namespace longscope {

// Collective. `limit_bytes` is what each rank may use; 0: together the ranks of a machine may use what it has
// available. Throws Error(out_of_memory), the same on every rank, that names the rank, what it needs and what there is.
void require_memory(Communicator& communicator, const MemoryLedger& ledger, std::int64_t limit_bytes);

}  // namespace longscope
