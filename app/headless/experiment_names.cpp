// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/experiment_names.h"

#include "engine/base/registry.h"
#include "engine/kernel/kernel.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"

namespace longscope {

ExperimentNames experiment_names() {
    return {names_of(strategies()), names_of(dispatches()), names_of(kernels())};
}

}  // namespace longscope
