// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a dispatched problem over a communicator the way the program does: the schedule goes through its stored form,
// and the executor sees only what was read back.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/execute/communicator.h"
#include "engine/execute/executor.h"
#include "engine/execute/process_groups.h"
#include "engine/parallel/schedule.h"
#include "tests/support/backward_case.h"
#include "tests/support/dispatched_case.h"
#include "tests/support/rank_inputs.h"

namespace longscope {

struct RankRun {
    Schedule schedule;
    ExecuteResult result;
    std::int64_t bytes_sent = 0;  // as the communicator counted
    std::int64_t bytes_received = 0;
    std::int64_t input_bytes = 0;  // of its queries, keys, values and gradients of the output
};

inline RankRun run_rank_of(const DispatchedCase& c, const Schedule& written, const AttentionInputs& inputs,
                           const RankTensors& tensors, Communicator& communicator, const std::string& kernel) {
    RankRun run{schedule_from_json(parse_json(to_json(written).dump(), "schedule")), {}, 0, 0, 0};
    const std::unique_ptr<Kernel> k = make_kernel(kernel, 1, c.problem.shape.dtype);
    open_groups(run.schedule, communicator);
    communicator.barrier();
    run.result = execute({run.schedule, c.problem.shape, c.masks, c.tokens, *k, tensors.view(),
                          std::numeric_limits<std::int64_t>::max(), inputs.layer_scoring()},
                         communicator, {});
    run.input_bytes = tensors.size_bytes();
    run.bytes_sent = communicator.payload_bytes_sent();
    run.bytes_received = communicator.payload_bytes_received();
    return run;
}

inline RankRun run_rank(const DispatchedCase& c, const std::string& strategy, const AttentionInputs& inputs,
                        Communicator& communicator, const std::string& kernel = "cpu") {
    const RankTensors tensors(inputs, c.tokens[static_cast<std::size_t>(communicator.rank())]);
    return run_rank_of(c, find_strategy(strategy).forward(c.input(communicator.rank())), inputs, tensors, communicator,
                       kernel);
}

// With the backward pass.
inline RankRun run_rank_backward(const DispatchedCase& c, const std::string& strategy, const BackwardInputs& inputs,
                                 Communicator& communicator, const std::string& kernel = "cpu") {
    const RankTensors tensors(inputs, c.tokens[static_cast<std::size_t>(communicator.rank())]);
    return run_rank_of(c, find_strategy(strategy).forward_backward(c.input(communicator.rank())), inputs.forward,
                       tensors, communicator, kernel);
}

// Squared error and squared norm of one rank's rows, and the largest error of lse.
struct RankError {
    double squares = 0;
    double norm = 0;
    double lse_absolute = 0;
};

inline RankError error_of_rank(const DispatchedCase& c, const ReferenceResult& reference, const RankRun& run,
                               std::int64_t rank) {
    RankError error;
    const TokenSet& tokens = c.tokens[static_cast<std::size_t>(rank)];
    accumulate_error(
        reference, c.problem.domain.query_tokens, *run.result.output,
        [&](std::int64_t row) { return tokens.position(row); }, error.squares, error.norm, error.lse_absolute);
    return error;
}

// Puts the gradients of one rank in their places among those of all tokens.
inline void scatter(const RankGradients& of_rank, const TokenSet& tokens, const AttentionInputs& inputs,
                    Gradients& all) {
    const AttendGradients whole = all.view(inputs);
    const auto put = [&](HeadMatrix<const float> part, HeadMatrix<float> into) {
        scatter(std::vector<float>(part.data, part.data + part.size()), tokens, into);
    };
    put(of_rank.queries, whole.queries);
    put(of_rank.keys, whole.keys);
    put(of_rank.values, whole.values);
}

}  // namespace longscope
