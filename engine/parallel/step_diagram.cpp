// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/step_diagram.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace longscope {

namespace {

// Numbers as "0-2, 5".
std::string in_runs(const std::vector<std::int64_t>& numbers) {
    std::string text;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t end = i + 1;
        while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) {
            ++end;
        }
        text += fmt::format("{}{}", text.empty() ? "" : ", ", numbers[i]);
        if (end - i > 1) {
            text += fmt::format("-{}", numbers[end - 1]);
        }
        i = end;
    }
    return text;
}

std::string set_name(const Schedule& schedule, std::int64_t set) {
    if (set == schedule.ranks) {
        return "all";
    }
    if (set < schedule.ranks) {
        return std::to_string(set);
    }
    const TokenSelection& selection = schedule.token_sets[static_cast<std::size_t>(set - schedule.ranks - 1)];
    return (selection.within.empty() ? "" : "part of ") + in_runs(selection.ranks);
}

StepPayload payload_of(BufferRole role) {
    switch (role) {
        case BufferRole::key_values:
            return StepPayload::key_values;
        case BufferRole::queries:
            return StepPayload::queries;
        case BufferRole::partial:
        case BufferRole::lse:
            return StepPayload::results;
        case BufferRole::keys:
            return StepPayload::keys;
        case BufferRole::values:
            return StepPayload::values;
        case BufferRole::message:
        case BufferRole::output_gradients:
        case BufferRole::delta:
        case BufferRole::query_gradients:
        case BufferRole::key_value_gradients:
        case BufferRole::scores:
        case BufferRole::key_gradients:
        case BufferRole::value_gradients:
            return StepPayload::gradients;
    }
    return StepPayload::gradients;
}

// What the buffers of one rank hold, as its schedule goes on.
class Buffers {
  public:
    void follow(const Operation& operation) {
        if (operation.kind == OperationKind::alloc) {
            held_[operation.buffer] = operation.role == BufferRole::message
                                          ? std::set<StepPayload>{}
                                          : std::set<StepPayload>{payload_of(operation.role)};
            if (operation.role == BufferRole::partial && !operation.heads.empty()) {
                heads_[operation.buffer] = operation.heads.front();
            }
        } else if (operation.kind == OperationKind::gather) {
            held_[operation.into].insert(payload_of(operation.role));
        }
    }
    [[nodiscard]] std::set<StepPayload> held(std::int64_t buffer) const {
        if (buffer == own_key_values) {
            return {StepPayload::key_values};
        }
        if (buffer == own_output_gradients) {
            return {StepPayload::gradients};
        }
        const auto found = held_.find(buffer);
        return found == held_.end() ? std::set{StepPayload::queries} : found->second;  // the rank's own queries
    }
    // Of a partial; empty: not said, so all.
    [[nodiscard]] Range heads(std::int64_t partial) const {
        const auto found = heads_.find(partial);
        return found == heads_.end() ? Range{0, 0} : found->second;
    }

  private:
    std::map<std::int64_t, std::set<StepPayload>> held_;
    std::map<std::int64_t, Range> heads_;
};

// Of what computes with queries and keys; nothing for all else.
std::optional<StepOperands> operands_of(OperationKind kind) {
    switch (kind) {
        case OperationKind::attend:
        case OperationKind::attend_backward:
            return StepOperands::queries_keys_and_values;
        case OperationKind::scores:
        case OperationKind::scores_backward:
            return StepOperands::queries_and_keys;
        case OperationKind::weigh_values:
        case OperationKind::weigh_values_backward:
            return StepOperands::scores_and_values;
        default:
            return std::nullopt;
    }
}

std::int64_t heads_in_all(const std::vector<Schedule>& schedules) {
    std::int64_t heads = 0;
    for (const Schedule& schedule : schedules) {
        for (const Operation& operation : schedule.operations) {
            if (operation.kind == OperationKind::alloc && operation.role == BufferRole::partial) {
                for (const Range range : operation.heads) {
                    heads = std::max(heads, range.end);
                }
            }
        }
    }
    return heads;
}

std::string heads_name(Range heads, std::int64_t all) {
    if (heads.size() == 0 || heads.size() == all) {
        return {};
    }
    return heads.size() == 1 ? std::to_string(heads.begin) : fmt::format("{}-{}", heads.begin, heads.end - 1);
}

}  // namespace

std::string_view to_string(StepPayload payload) {
    constexpr std::array<std::string_view, 6> words{"queries", "keys and values", "outputs and lse", "gradients",
                                                    "keys",    "values"};
    return words.at(static_cast<std::size_t>(payload));
}

StepDiagram step_diagram(const std::vector<Schedule>& schedules) {
    StepDiagram diagram;
    std::size_t steps = 0;
    for (const Schedule& schedule : schedules) {
        for (const Operation& operation : schedule.operations) {
            steps = std::max(steps, static_cast<std::size_t>(operation.step) + 1);
        }
    }
    const std::int64_t all_heads = heads_in_all(schedules);
    std::set<StepArrow> arrows;
    for (const Schedule& schedule : schedules) {
        auto& cells = diagram.ranks.emplace_back(steps);
        Buffers buffers;
        for (const Operation& operation : schedule.operations) {
            buffers.follow(operation);
            if (const std::optional<StepOperands> operands = operands_of(operation.kind)) {
                cells[static_cast<std::size_t>(operation.step)].push_back(
                    {set_name(schedule, operation.queries), set_name(schedule, operation.keys),
                     heads_name(buffers.heads(operation.partial), all_heads), operation.flops, *operands});
            }
            const auto add = [&](std::int64_t to) {
                const bool part = operation.role == BufferRole::keys || operation.role == BufferRole::values;
                for (const StepPayload payload :
                     part ? std::set{payload_of(operation.role)} : buffers.held(operation.buffer)) {
                    arrows.insert({operation.step, schedule.rank, to, payload});
                }
            };
            if (operation.kind == OperationKind::send) {
                add(operation.peer);
            }
            for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
                if (static_cast<std::int64_t>(peer) != schedule.rank && operation.sent_bytes[peer] > 0) {
                    add(static_cast<std::int64_t>(peer));
                }
            }
        }
    }
    diagram.arrows.assign(arrows.begin(), arrows.end());
    return diagram;
}

}  // namespace longscope
