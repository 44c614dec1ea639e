// SPDX-License-Identifier: GPL-3.0-or-later
// Schedules over score rows that do not fit, or that a backend cannot serve, end with the reason.
#include "engine/execute/score_operations.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/execute/local_group.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

AttentionCase problem() {
    AttentionCase c;
    c.shape = {1, 4, 2, 16, 24, DType::float32};
    c.domain = {90, 90, {}};
    c.mask_json = R"({"causal": {}})";
    return c;
}

// As one that computes on a device.
class ElsewhereKernel final : public Kernel {
  public:
    void attend(const AttendInput& /*input*/, Partial& /*out*/, const AttendHooks& /*hooks*/) const override {}
    void attend_backward(const AttendBackwardInput& /*input*/, const AttendGradients& /*out*/,
                         const AttendHooks& /*hooks*/) const override {}
    [[nodiscard]] std::string description() const override { return "elsewhere, 1 device"; }
};

class ScoreSchedule : public ::testing::Test {
  protected:
    void run(const Schedule& schedule, const Kernel& kernel) {
        const RankTensors tensors(inputs_, case_.tokens[0]);
        run_local_ranks(1, [&](Communicator& communicator) {
            (void)execute({schedule, case_.problem.shape, case_.masks, case_.tokens, kernel, tensors.view()},
                          communicator, {});
        });
    }
    template <typename Change>
    std::string error_of(Change change) {
        Schedule schedule = write_rsa(case_.input(0), Pass::forward_backward);
        for (Operation& operation : schedule.operations) {
            change(operation);
        }
        try {
            run(schedule, *make_cpu_kernel(1));
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::failed);
            return error.what();
        }
        return "no error";
    }

    BackwardInputs inputs_{problem()};
    DispatchedCase case_{problem(), "contiguous", 1};
};

TEST_F(ScoreSchedule, IsRefusedByABackendThatComputesElsewhere) {
    try {
        run(write_rsa(case_.input(0), Pass::forward), ElsewhereKernel());
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unsupported);
        EXPECT_STREQ(error.what(),
                     "rsa computes with score rows, which this backend does not (backend.name): elsewhere, 1 device");
    }
}

TEST_F(ScoreSchedule, FailsWhereBuffersDoNotHoldWhatIsNeeded) {
    EXPECT_EQ(error_of([](Operation& /*operation*/) {}), "no error");
    EXPECT_NE(error_of([](Operation& operation) {
                  operation.keys = operation.kind == OperationKind::scores ? 1 : operation.keys;
              }).find("queries, keys, scores and result do not fit"),
              std::string::npos)
        << "the keys of all ranks are no block of a rank";
    EXPECT_NE(error_of([](Operation& operation) {
                  operation.scores = operation.kind == OperationKind::softmax ? 2 : operation.scores;
              }).find("buffer 2 holds partial where scores are needed"),
              std::string::npos);
    EXPECT_NE(error_of([](Operation& operation) {
                  operation.into = operation.kind == OperationKind::weigh_values_backward ? 8 : operation.into;
              }).find("schedule: buffer 8"),
              std::string::npos);
    EXPECT_NE(error_of([](Operation& operation) {
                  const bool scores = operation.kind == OperationKind::alloc && operation.role == BufferRole::scores;
                  operation.bytes += scores ? 4 : 0;
              }).find("bytes where"),
              std::string::npos);
}

}  // namespace
}  // namespace longscope
