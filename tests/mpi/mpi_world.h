// SPDX-License-Identifier: GPL-3.0-or-later
// The communicator over all processes of the test program.
#pragma once

#include "engine/execute/communicator.h"

namespace longscope {

[[nodiscard]] Communicator& mpi_world();

}  // namespace longscope
