// SPDX-License-Identifier: GPL-3.0-or-later
// Which attend is read ahead while another one is computed.
#include "engine/execute/next_attend.h"

#include <gtest/gtest.h>

namespace longscope {
namespace {

// An attend of buffer 1 is computed; its successor reads buffer 2, which operation 1 receives.
class NextAttend : public testing::Test {
  protected:
    NextAttend() {
        add(OperationKind::attend, Stream::compute, 1);
        add(OperationKind::recv, Stream::receive, 2);
        add(OperationKind::merge, Stream::compute, 7);
        add(OperationKind::attend, Stream::compute, 2).after = {0, 1};
    }

    Operation& add(OperationKind kind, Stream stream, std::int64_t buffer) {
        Operation operation;
        operation.id = std::ssize(schedule_.operations);
        operation.kind = kind;
        operation.stream = stream;
        operation.buffer = buffer;
        operation.query_buffer = 0;
        schedule_.operations.push_back(operation);
        return schedule_.operations.back();
    }
    // Its id; -1: none.
    std::int64_t found(const std::vector<unsigned char>& completed) const {
        std::vector<const Operation*> compute;
        for (const Operation& operation : schedule_.operations) {
            if (operation.stream == Stream::compute) {
                compute.push_back(&operation);
            }
        }
        const Operation* next = next_attend(schedule_, compute, 0, completed);
        return next == nullptr ? -1 : next->id;
    }

    Schedule schedule_;
};

TEST_F(NextAttend, IsFoundOnceItsKeysHaveCome) {
    EXPECT_EQ(found({0, 0, 0, 0}), -1) << "the transfer goes on";
    EXPECT_EQ(found({0, 1, 0, 0}), 3) << "operation 0 is of the compute stream: it is done by then";
}

TEST_F(NextAttend, IsNoneOfAnotherKind) {
    schedule_.operations[3].kind = OperationKind::attend_backward;
    EXPECT_EQ(found({0, 1, 0, 0}), -1);
}

TEST_F(NextAttend, IsNoneWhoseBuffersAreTouchedBefore) {
    for (const OperationKind kind : {OperationKind::alloc, OperationKind::free}) {
        for (const std::int64_t buffer : {0, 2}) {
            schedule_.operations[2].kind = kind;
            schedule_.operations[2].buffer = buffer;
            EXPECT_EQ(found({0, 1, 0, 0}), -1) << buffer;
        }
        schedule_.operations[2].buffer = 7;
        EXPECT_EQ(found({0, 1, 0, 0}), 3) << "another buffer";
    }
}

TEST_F(NextAttend, IsNoneBehindTheLast) {
    schedule_.operations.pop_back();
    EXPECT_EQ(found({0, 1, 0}), -1);
}

}  // namespace
}  // namespace longscope
