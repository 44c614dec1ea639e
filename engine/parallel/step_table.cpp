// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/step_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

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

StepPart part_of(OperationKind kind) {
    switch (kind) {
        case OperationKind::scores:
        case OperationKind::scores_backward:
            return StepPart::scores;
        case OperationKind::weigh_values:
        case OperationKind::weigh_values_backward:
            return StepPart::values;
        default:
            return StepPart::whole;
    }
}

bool computes_gradients(const Operation& operation) {
    return operation.kind == OperationKind::attend_backward || operation.kind == OperationKind::weigh_values_backward ||
           operation.kind == OperationKind::scores_backward;
}

bool computes(const Operation& operation) {
    switch (operation.kind) {
        case OperationKind::attend:
        case OperationKind::scores:
        case OperationKind::weigh_values:
            return true;
        default:
            return computes_gradients(operation);
    }
}

}  // namespace

std::string_view to_string(StepWork work) {
    constexpr std::array<std::string_view, 3> words{"idle", "own", "help"};
    return words.at(static_cast<std::size_t>(work));
}

double StepTable::largest_flops() const {
    double largest = 0;
    for (const std::vector<RankStep>& of_rank : ranks) {
        for (const RankStep& step : of_rank) {
            largest = std::max(largest, step.flops);
        }
    }
    return largest;
}

std::int64_t StepTable::bytes_moved() const {
    return std::accumulate(transfers.begin(), transfers.end(), std::int64_t{0},
                           [](std::int64_t sum, const StepTransfer& one) { return sum + one.bytes; });
}

StepTableRow step_table_row(const Schedule& schedule) {
    StepTableRow row;
    struct Sent {
        std::int64_t bytes = 0;
        std::int64_t messages = 0;
    };
    std::map<std::tuple<std::int32_t, std::int64_t, Direction>, Sent> sent;  // step, to, pass
    const auto add = [&](std::int32_t step, std::int64_t to, std::int64_t bytes) {
        Sent& one = sent[{step, to, row.backward_from ? Direction::backward : Direction::forward}];
        one.bytes += bytes;
        ++one.messages;
    };
    for (const Operation& operation : schedule.operations) {
        const auto at = static_cast<std::size_t>(operation.step);
        row.steps.resize(std::max(row.steps.size(), at + 1));
        if (operation.kind == OperationKind::barrier) {
            row.backward_from = operation.step;
        }
        if (computes(operation)) {
            RankStep& step = row.steps[at];
            step.flops += operation.flops;
            step.part = part_of(operation.kind);
            if (computes_gradients(operation)) {
                step.backward_flops += operation.flops;
            }
            if (holds_own_tokens(schedule, operation.queries)) {
                step.work = StepWork::own;
            } else if (step.work == StepWork::idle) {
                step.work = StepWork::help;
            }
        }
        if (operation.kind == OperationKind::send) {
            add(operation.step, operation.peer, operation.bytes);
        }
        for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
            if (static_cast<std::int64_t>(peer) != schedule.rank && operation.sent_bytes[peer] > 0) {
                add(operation.step, static_cast<std::int64_t>(peer), operation.sent_bytes[peer]);
            }
        }
    }
    for (const auto& [where, size] : sent) {
        row.sent.push_back(
            {std::get<0>(where), schedule.rank, std::get<1>(where), size.bytes, size.messages, std::get<2>(where)});
    }
    return row;
}

StepTable step_table(std::vector<StepTableRow> rows) {
    std::size_t steps = 0;
    for (const StepTableRow& row : rows) {
        steps = std::max(steps, row.steps.size());
    }
    StepTable table;
    for (StepTableRow& row : rows) {
        row.steps.resize(steps);
        table.ranks.push_back(std::move(row.steps));
        table.transfers.insert(table.transfers.end(), row.sent.begin(), row.sent.end());
        if (row.backward_from) {
            table.backward_from = std::min(table.backward_from.value_or(*row.backward_from), *row.backward_from);
        }
    }
    std::stable_sort(table.transfers.begin(), table.transfers.end(),
                     [](const StepTransfer& a, const StepTransfer& b) { return a.step < b.step; });
    return table;
}

}  // namespace longscope
