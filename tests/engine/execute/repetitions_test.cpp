// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "engine/base/address_sanitizer.h"
#include "engine/execute/local_group.h"
#include "engine/parallel/memory_ledger.h"
#include "tests/support/paths.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

AttentionCase problem() {
    AttentionCase c;
    c.shape = {1, 8, 4, 32, 24, DType::bfloat16};
    c.domain = {203, 203, {0, 60, 61, 150, 203}};
    c.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    return c;
}

// What gathers, scatters and casts of a schedule move, and what a rank sends to itself.
std::int64_t copied_bytes(const Schedule& schedule, const DispatchedCase& c) {
    const AttentionShape& shape = c.problem.shape;
    std::vector<TokenSet> sets = c.tokens;
    sets.push_back(TokenSet({{0, c.problem.domain.query_tokens}}));
    for (const TokenSelection& selection : schedule.token_sets) {
        sets.push_back(select_tokens(selection, c.tokens));
    }
    const std::int64_t element = size_bytes(shape.dtype);
    const std::map<BufferRole, std::int64_t> row_bytes{
        {BufferRole::queries, shape.head_dim_qk * element},
        {BufferRole::key_values, (shape.head_dim_qk + shape.head_dim_v) * element},
        {BufferRole::partial, (shape.head_dim_v + 1) * 4},
        {BufferRole::output_gradients, shape.head_dim_v * element},
        {BufferRole::delta, 4},
        {BufferRole::lse, 4},
        {BufferRole::query_gradients, shape.head_dim_qk * 4},
        {BufferRole::key_value_gradients, (shape.head_dim_qk + shape.head_dim_v) * 4},
        {BufferRole::keys, shape.head_dim_qk * element},
        {BufferRole::values, shape.head_dim_v * element},
        {BufferRole::key_gradients, shape.head_dim_qk * 4},
        {BufferRole::value_gradients, shape.head_dim_v * 4}};
    const std::set<BufferRole> of_keys{BufferRole::key_values,    BufferRole::key_value_gradients,
                                       BufferRole::keys,          BufferRole::values,
                                       BufferRole::key_gradients, BufferRole::value_gradients};
    std::map<std::int64_t, const Operation*> rooms;
    std::int64_t sum = 0;
    for (const Operation& operation : schedule.operations) {
        const bool gathers = operation.kind == OperationKind::gather;
        if (operation.kind == OperationKind::alloc) {
            rooms[operation.buffer] = &operation;
        } else if (operation.kind == OperationKind::cast) {
            sum += operation.bytes;
        } else if (!operation.sent_bytes.empty()) {
            sum += operation.sent_bytes[static_cast<std::size_t>(schedule.rank)];
        } else if (gathers || operation.kind == OperationKind::scatter ||
                   operation.kind == OperationKind::scatter_add) {
            // Without a room the rank's own tensors, of all heads and its own tokens.
            const auto room = rooms.find(gathers ? operation.buffer : operation.into);
            const bool keys = of_keys.contains(operation.role);
            const bool own = room == rooms.end();
            const Range all{0, keys ? shape.key_value_heads : shape.query_heads};
            const Range heads = own || room->second->heads.empty() ? all : room->second->heads.front();
            const std::int64_t held = own || room->second->tokens < 0 ? schedule.rank : room->second->tokens;
            const auto blocks = !operation.sets.empty() ? operation.sets.size() : c.tokens.size();
            for (std::size_t i = 0; i < blocks; ++i) {
                const std::int64_t set = !operation.sets.empty()   ? operation.sets[i]
                                         : operation.heads.empty() ? static_cast<std::int64_t>(i)
                                                                   : held;
                sum += sets[static_cast<std::size_t>(set)].size() *
                       (operation.heads.empty() ? heads : operation.heads[i]).size() * row_bytes.at(operation.role);
            }
        }
    }
    return sum;
}

// Three repetitions in one memory for each rank.
void expect_what_the_schedule_says(const StrategyEntry& strategy, const DispatchedCase& c, const BackwardInputs& inputs,
                                   Pass pass) {
    SCOPED_TRACE(std::string(strategy.name) + " " + std::string(to_string(pass)) + " " + to_string(c.options));
    run_local_ranks(static_cast<int>(c.ranks()), [&](Communicator& communicator) {
        const RankTensors tensors(inputs, c.tokens[static_cast<std::size_t>(communicator.rank())]);
        const Schedule schedule = strategy.write(pass, c.input(communicator.rank()));
        const std::unique_ptr<Kernel> kernel = make_kernel("cpu", 1, c.problem.shape.dtype);
        open_groups(schedule, communicator);
        ExecuteInput input{schedule, c.problem.shape, c.masks, c.tokens, *kernel, tensors.view()};
        input.memory = std::make_shared<BufferMemory>(schedule);
        const MemoryLedger ledger = memory_ledger(schedule, c.problem.shape, c.input(communicator.rank()).held());
        if (red_zone_bytes == 0) {
            EXPECT_EQ(input.memory->bytes(), ledger.piece_bytes());
        }
        std::vector<float> first;
        for (int repetition = 0; repetition < 3; ++repetition) {
            const ExecuteResult result = execute(input, communicator, {});
            EXPECT_EQ(result.copied_bytes, copied_bytes(schedule, c));
            EXPECT_EQ(result.peak_buffer_bytes, ledger.buffer_bytes);
            EXPECT_EQ(result.memory, input.memory);
            const HeadMatrix<float> output = result.output->output();
            const std::vector<float> now(output.data, output.data + output.size());
            first = repetition == 0 ? now : first;
            EXPECT_EQ(now, first) << "repetition " << repetition << ", over what the one before has left";
        }
        communicator.barrier();
    });
}

TEST(Repetitions, CopyAndHoldWhatTheScheduleSays) {
    const BackwardInputs inputs(problem());
    for (const StrategyEntry& strategy : strategies()) {
        for (const char* dispatch : {"contiguous", "zigzag"}) {
            for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
                DispatchedCase c(problem(), dispatch, 4);
                for (const StrategyOptions& options : feasible_options(strategy, c, pass)) {
                    c.options = options;
                    expect_what_the_schedule_says(strategy, c, inputs, pass);
                }
            }
        }
    }
}

// Casts are in place: they are copies, and take no memory.
TEST(Repetitions, CopyAndHoldWhatTheScheduleSaysWithShortTypesOnTheWire) {
    const BackwardInputs inputs(problem());
    for (const StrategyEntry& strategy : strategies()) {
        DispatchedCase c(problem(), std::string(strategy.text.dispatch), 4);
        c.options.wire_dtype = DType::bfloat16;
        const Pass pass = strategy.has_backward ? Pass::forward_backward : Pass::forward;
        ASSERT_EQ(strategy.infeasible(c.input(0), pass), "") << strategy.name;
        expect_what_the_schedule_says(strategy, c, inputs, pass);
    }
}

// What is not counted cannot be copied: in-process ranks alone move messages so, as MPI moves them between processes.
TEST(Repetitions, CopyInNoOtherPlace) {
    std::set<std::string> files;
    const std::filesystem::path folder = LONGSCOPE_SOURCE_DIR "/engine/execute";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        std::ifstream file(entry.path());
        std::stringstream text;
        text << file.rdbuf();
        if (text.str().find("memcpy(") != std::string::npos || text.str().find("memmove(") != std::string::npos) {
            files.insert(entry.path().filename());
        }
    }
    EXPECT_EQ(files, (std::set<std::string>{"copy_count.h", "local_group.cpp", "wire_cast.cpp"}));
}

}  // namespace
}  // namespace longscope
