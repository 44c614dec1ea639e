// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/experiment_names.h"

#include "engine/kernel/kernel.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"

namespace longscope {

namespace {

template <typename Entries>
std::vector<std::string> names_of(const Entries& entries) {
    std::vector<std::string> names;
    for (const auto& entry : entries) {
        names.emplace_back(entry.name);
    }
    return names;
}

}  // namespace

ExperimentNames experiment_names() {
    return {names_of(strategies()), names_of(dispatches()), names_of(kernels())};
}

}  // namespace longscope
