// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/next_attend.h"

#include <algorithm>
#include <cstdint>
#include <set>

namespace longscope {

namespace {

// All that other ranks send for it.
bool has_arrived(const Schedule& schedule, const Operation& operation, const std::vector<unsigned char>& completed) {
    return std::all_of(operation.after.begin(), operation.after.end(), [&](std::int64_t id) {
        const auto place = static_cast<std::size_t>(id);
        return completed[place] != 0 || schedule.operations[place].stream == Stream::compute;
    });
}

}  // namespace

const Operation* next_attend(const Schedule& schedule, const std::vector<const Operation*>& compute,
                             std::size_t current, const std::vector<unsigned char>& completed) {
    std::set<std::int64_t> touched;
    for (std::size_t i = current + 1; i < compute.size(); ++i) {
        const Operation& operation = *compute[i];
        switch (operation.kind) {
            case OperationKind::alloc:
            case OperationKind::free:
                touched.insert(operation.buffer);
                break;
            case OperationKind::merge:
            case OperationKind::finalize:
            case OperationKind::reduce:  // of gradients
                break;
            default:
                return operation.kind == compute[current]->kind && !touched.contains(operation.buffer) &&
                               !touched.contains(operation.query_buffer) && has_arrived(schedule, operation, completed)
                           ? &operation
                           : nullptr;
        }
    }
    return nullptr;
}

}  // namespace longscope
