// SPDX-License-Identifier: GPL-3.0-or-later
// Every process runs all tests in the same order; the program fails when a test fails on any of them. A process that
// leaves a test early would leave the others waiting, so a failed assertion ends all processes.
#include <gtest/gtest.h>

#include <cstdio>

#include "engine/base/memory.h"
#include "engine/execute/mpi/mpi_communicator.h"
#include "tests/mpi/mpi_world.h"

namespace longscope {

namespace {

Communicator* world_pointer = nullptr;

class EndAllOnFailure : public ::testing::EmptyTestEventListener {
    void OnTestPartResult(const ::testing::TestPartResult& result) override {
        if (result.failed()) {
            std::fprintf(stderr, "rank %d: %s:%d: %s\n", world_pointer->rank(), result.file_name(),
                         result.line_number(), result.message());
            MpiEnvironment::abort(1);
        }
    }
};

}  // namespace

Communicator& mpi_world() {
    return *world_pointer;
}

int run(int argc, char** argv) {
    keep_freed_memory();  // as a worker does
    const MpiEnvironment environment;
    const std::unique_ptr<Communicator> world = environment.world();
    world_pointer = world.get();
    ::testing::InitGoogleTest(&argc, argv);
    ::testing::TestEventListeners& listeners = ::testing::UnitTest::GetInstance()->listeners();
    if (world->rank() != 0) {
        delete listeners.Release(listeners.default_result_printer());  // NOLINT: given back to us
    }
    listeners.Append(new EndAllOnFailure);  // NOLINT: owned by the framework
    return RUN_ALL_TESTS();
}

}  // namespace longscope

int main(int argc, char** argv) {
    return longscope::run(argc, argv);
}
