// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/step_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace longscope {

namespace {

// Does a token set of the schedule hold tokens of its own rank?
bool holds_own_tokens(const Schedule& schedule, std::int64_t set) {
    if (set <= schedule.ranks) {
        return set == schedule.rank || set == schedule.ranks;
    }
    const std::vector<std::int64_t>& ranks =
        schedule.token_sets[static_cast<std::size_t>(set - schedule.ranks - 1)].ranks;
    return std::find(ranks.begin(), ranks.end(), schedule.rank) != ranks.end();
}

bool computes(const Operation& operation) {
    return operation.kind == OperationKind::attend || operation.kind == OperationKind::attend_backward;
}

}  // namespace

std::string_view to_string(StepWork work) {
    constexpr std::array<std::string_view, 3> words{"idle", "own", "help"};
    return words.at(static_cast<std::size_t>(work));
}

StepTable step_table(const std::vector<Schedule>& schedules) {
    std::size_t steps = 0;
    for (const Schedule& schedule : schedules) {
        for (const Operation& operation : schedule.operations) {
            steps = std::max(steps, static_cast<std::size_t>(operation.step) + 1);
        }
    }
    StepTable table;
    std::map<std::tuple<std::int32_t, std::int64_t, std::int64_t>, std::int64_t> bytes;  // step, from, to
    for (const Schedule& schedule : schedules) {
        std::vector<RankStep>& of_rank = table.ranks.emplace_back(steps);
        for (const Operation& operation : schedule.operations) {
            if (computes(operation)) {
                RankStep& step = of_rank[static_cast<std::size_t>(operation.step)];
                step.flops += operation.flops;
                if (holds_own_tokens(schedule, operation.queries)) {
                    step.work = StepWork::own;
                } else if (step.work == StepWork::idle) {
                    step.work = StepWork::help;
                }
            }
            if (operation.kind == OperationKind::send) {
                bytes[{operation.step, schedule.rank, operation.peer}] += operation.bytes;
            }
            for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
                if (static_cast<std::int64_t>(peer) != schedule.rank && operation.sent_bytes[peer] > 0) {
                    bytes[{operation.step, schedule.rank, static_cast<std::int64_t>(peer)}] +=
                        operation.sent_bytes[peer];
                }
            }
        }
    }
    for (const auto& [where, size] : bytes) {
        table.transfers.push_back({std::get<0>(where), std::get<1>(where), std::get<2>(where), size});
    }
    return table;
}

}  // namespace longscope
