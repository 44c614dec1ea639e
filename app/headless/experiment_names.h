// SPDX-License-Identifier: GPL-3.0-or-later
// The names that experiments may use in this build, from the registries.
#pragma once

#include "engine/experiment/experiment.h"

namespace longscope {

[[nodiscard]] ExperimentNames experiment_names();

}  // namespace longscope
