// SPDX-License-Identifier: GPL-3.0-or-later
// Runs on devices of OpenCL: exact over ranks, with what the devices did; and what is stored when a device fails. The
// driver is the real one, with one function of it made to fail (tests/support/opencl_faults.cpp).
#include <algorithm>
#include <iterator>
#include <set>

#include "app/headless/command_line.h"
#include "engine/kernel/opencl/device_facts.h"
#include "profiler/roofline.h"
#include "tests/app/run_fixture.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

Json on_device(Json experiment, int ranks) {
    experiment["backend"] = {{"name", "opencl"}, {"threads", 1}, {"device", "cpu"}};
    experiment["layout"]["ranks"] = ranks;
    experiment["sequence"]["draws"] = 1;
    experiment["repetitions"] = {{"warm_up", 0}, {"measured", 2}};
    return experiment;
}

class RunOpenCl : public RunVerb {
  protected:
    EngineEnd run_experiment(const Json& experiment, EngineProcess::Environment environment) {
        environment.emplace_back("LONGSCOPE_CACHE_FOLDER", path("cache").string());
        return run_engine_process(arguments(experiment), environment);
    }
    // Of the last repetition: in the first one drivers may still build programs, when they are launched.
    [[nodiscard]] std::vector<TraceEvent> events() const {
        Database file(database(), OpenMode::read_only);
        const StoredRun run = read_run(file, 1);
        return read_events(file, run.draws.at(0).repetitions.back().id);
    }
    // One line that says what is wrong, stored with the state.
    void expect_end(const EngineEnd& end, RunState state, const std::vector<std::string>& parts) {
        EXPECT_EQ(end.status.code, exit_failed) << end.text();
        EXPECT_EQ(end.status.signal, 0) << end.text();
        const RunRecord record = stored().record;
        EXPECT_EQ(record.state, state) << record.message;
        for (const std::string& part : parts) {
            EXPECT_NE(record.message.find(part), std::string::npos) << record.message;
        }
        EXPECT_EQ(record.message.find('\n'), std::string::npos) << record.message;
        expect_sound_database();
        expect_no_process_left();
    }
    // In the same environment.
    void expect_cpu_unharmed(const EngineProcess::Environment& environment) {
        Json experiment = on_device(small_experiment(), 2);
        experiment["backend"] = {{"name", "cpu"}, {"threads", 1}};
        const EngineEnd end = run_experiment(experiment, environment);
        EXPECT_EQ(end.status.code, exit_done) << end.text();
        EXPECT_EQ(stored(2).record.state, RunState::done);
        EXPECT_TRUE(stored(2).draws.at(0).checks.at(0).passed);
    }
};

TEST_P(RunOpenCl, EachRankHasQueuesOfItsOwnAndTheResultIsExact) {
    for (const int ranks : {2, 4}) {
        for (const char* memory : {"shared", "copied"}) {
            SCOPED_TRACE(std::to_string(ranks) + " ranks, " + memory);
            std::filesystem::remove(database());
            Json experiment = on_device(small_experiment(), ranks);
            experiment["pass"] = "forward_backward";
            const EngineEnd end = run_experiment(experiment, {{"LONGSCOPE_OPENCL_MEMORY", memory}});
            ASSERT_EQ(end.status.code, exit_done) << end.text();
            const StoredRun run = stored();
            EXPECT_TRUE(run.draws.at(0).checks.at(0).passed);
            EXPECT_TRUE(run.draws.at(0).checks.at(0).has_gradients());
            const Trace trace{ranks, events()};
            std::set<std::pair<std::int32_t, Stream>> streams;
            for (const TraceEvent& event : trace.events) {
                streams.insert({event.rank, event.stream});
                if (!is_of_device(event.stream)) {
                    continue;
                }
                // Within the attend that it is a part of, on the run's clock.
                constexpr Nanoseconds slack_ns = 2'000'000;
                EXPECT_TRUE(std::any_of(trace.events.begin(), trace.events.end(),
                                        [&](const TraceEvent& attend) {
                                            return attend.rank == event.rank && attend.operation == event.operation &&
                                                   is_attend(attend.category) &&
                                                   event.start_ns >= attend.start_ns - slack_ns &&
                                                   event.end_ns() <= attend.end_ns() + slack_ns;
                                        }))
                    << "rank " << event.rank << ", operation " << event.operation;
            }
            for (std::int32_t rank = 0; rank < ranks; ++rank) {
                for (const Stream stream : {Stream::device_queue, Stream::device_upload, Stream::device_compute}) {
                    EXPECT_TRUE(streams.contains({rank, stream})) << rank << " " << to_string(stream);
                }
                EXPECT_EQ(streams.contains({rank, Stream::device_download}), memory == std::string("copied"));
            }
            EXPECT_EQ(device_roofs(run.record.environment).size(), 1U) << run.record.environment;
            const std::vector<DeviceKernel> kernels = device_kernels(trace);
            EXPECT_EQ(kernels.size(), 3U);
        }
    }
}

// Of a rank, while it computes an operation: is something uploaded for the one after it?
bool uploads_while_it_computes(const Trace& trace, std::int32_t rank, Category category, std::int64_t least_bytes) {
    const std::vector<TraceEvent>& events = trace.events;
    return std::any_of(events.begin(), events.end(), [&](const TraceEvent& upload) {
        return upload.rank == rank && upload.category == Category::upload && upload.bytes >= least_bytes &&
               std::any_of(events.begin(), events.end(), [&](const TraceEvent& kernel) {
                   return kernel.rank == rank && kernel.category == Category::kernel &&
                          kernel.operation == upload.operation && kernel.start_ns < upload.start_ns &&
                          upload.start_ns < kernel.end_ns() &&
                          std::any_of(events.begin(), events.end(), [&](const TraceEvent& attend) {
                              return attend.rank == rank && attend.category == category &&
                                     attend.operation == upload.operation;
                          });
               });
    });
}

TEST_P(RunOpenCl, KeysFromAnotherRankAreUploadedWhileTheOnesBeforeAreComputed) {
    Json experiment = on_device(small_experiment(), 2);
    experiment["shape"] = {{"query_heads", 2}, {"key_value_heads", 2}, {"head_dim_qk", 64}, {"head_dim_v", 64}};
    experiment["sequence"] = {{"tokens", 3000}};
    experiment["mask"] = {{"full", Json::object()}};
    experiment["layout"]["dispatch"] = "zigzag";
    experiment["pass"] = "forward_backward";
    // A processor copies with its threads: there are more than those that compute, as a GPU has engines for copies.
    const EngineEnd end = run_experiment(
        experiment,
        {{"LONGSCOPE_OPENCL_MEMORY", "copied"}, {"POCL_MAX_PTHREAD_COUNT", "6"}, {"POCL_CPU_MAX_CU_COUNT", "6"}});
    ASSERT_EQ(end.status.code, exit_done) << end.text();
    EXPECT_TRUE(stored().draws.at(0).checks.at(0).passed);
    EXPECT_TRUE(stored().draws.at(0).checks.at(0).has_gradients());
    const Trace trace{2, events()};
    constexpr std::int64_t keys_bytes = std::int64_t{2} * 1500 * 64 * 4;
    for (std::int32_t rank = 0; rank < 2; ++rank) {
        EXPECT_TRUE(uploads_while_it_computes(trace, rank, Category::attend, keys_bytes)) << rank;
        EXPECT_TRUE(uploads_while_it_computes(trace, rank, Category::attend_backward, keys_bytes)) << rank;
    }
}

// Of a rank and an operation, by start.
std::vector<TraceEvent> of_operation(const Trace& trace, std::int32_t rank, std::int64_t operation, Category category,
                                     std::int64_t least_bytes) {
    std::vector<TraceEvent> some;
    std::copy_if(trace.events.begin(), trace.events.end(), std::back_inserter(some), [&](const TraceEvent& event) {
        return event.rank == rank && event.operation == operation && event.category == category &&
               event.bytes >= least_bytes;
    });
    std::sort(some.begin(), some.end(),
              [](const TraceEvent& a, const TraceEvent& b) { return a.start_ns < b.start_ns; });
    return some;
}

TEST_P(RunOpenCl, AHeadOfALargeAttendIsThereAndTheOneBeforeItLeavesWithoutAKernelThatWaits) {
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "a sanitizer does not see what a device does, and makes this take minutes";
    }
    constexpr std::int64_t tokens_of_rank = 6000;  // so that a piece is a head
    constexpr std::int64_t heads = 4;
    Json experiment = on_device(small_experiment(), 2);
    experiment["shape"] = {
        {"query_heads", heads}, {"key_value_heads", heads}, {"head_dim_qk", 128}, {"head_dim_v", 128}};
    experiment["sequence"] = {{"tokens", 2 * tokens_of_rank}};
    experiment["mask"] = {{"full", Json::object()}};
    experiment["layout"]["dispatch"] = "zigzag";
    experiment["check"]["rows"] = 16;
    const EngineEnd end = run_experiment(
        experiment,
        {{"LONGSCOPE_OPENCL_MEMORY", "copied"}, {"POCL_MAX_PTHREAD_COUNT", "6"}, {"POCL_CPU_MAX_CU_COUNT", "6"}});
    ASSERT_EQ(end.status.code, exit_done) << end.text();
    EXPECT_TRUE(stored().draws.at(0).checks.at(0).passed);
    const Trace trace{2, events()};
    constexpr std::int64_t head_bytes = tokens_of_rank * 128 * 4;
    std::set<std::pair<std::int32_t, std::int64_t>> attends;
    for (const TraceEvent& event : trace.events) {
        if (event.category == Category::attend) {
            attends.insert({event.rank, event.operation});
        }
    }
    ASSERT_EQ(attends.size(), 4U) << "two of each rank";
    for (const auto& [rank, operation] : attends) {
        SCOPED_TRACE("rank " + std::to_string(rank) + ", operation " + std::to_string(operation));
        const auto events_of = [&, own = rank, of = operation](Category category, std::int64_t least_bytes) {
            return of_operation(trace, own, of, category, least_bytes);
        };
        const std::vector<TraceEvent> packs = events_of(Category::pack, 1);
        const std::vector<TraceEvent> kernels = events_of(Category::kernel, 1);
        std::vector<TraceEvent> uploads = events_of(Category::upload, head_bytes);
        const std::vector<TraceEvent> downloads = events_of(Category::download, head_bytes);
        ASSERT_EQ(packs.size(), 2U * heads) << "keys and values of each head";
        ASSERT_EQ(downloads.size(), std::size_t{heads});
        // The last kernel of a head is the last one before the keys of the next head are packed.
        const auto last_end_ns = [&](std::size_t head) {
            Nanoseconds end_ns = 0;
            for (const TraceEvent& kernel : kernels) {
                if (head + 1 == heads || kernel.start_ns < packs[2 * head + 2].start_ns) {
                    end_ns = std::max(end_ns, kernel.end_ns());
                }
            }
            return end_ns;
        };
        // Those of the first head may have come during the attend before, and keys of the attend after this one come at
        // the end: of the heads between, three tensors each.
        ASSERT_GE(uploads.size(), 3U * (heads - 1) + 1) << "queries at least are uploaded in an attend";
        for (std::size_t head = 0; head + 1 < heads; ++head) {
            const auto there = std::count_if(uploads.begin(), uploads.end(), [&](const TraceEvent& upload) {
                return upload.end_ns() <= last_end_ns(head);
            });
            const bool told_ahead = uploads.size() % 3 == 1;
            EXPECT_GE(there, static_cast<std::int64_t>(3 * (head + 2) - (told_ahead ? 2 : 0)))
                << "head " << head + 1 << " is there before the one before it has been computed";
            EXPECT_GE(downloads[head].start_ns, last_end_ns(head));
            EXPECT_LT(downloads[head].start_ns, last_end_ns(head + 1)) << "head " << head << " leaves meanwhile";
        }
    }
}

TEST_P(RunOpenCl, ADeviceThatIsNotThereIsRefusedWithThoseThatAre) {
    Json experiment = on_device(small_experiment(), 2);
    experiment["backend"]["device"] = "no such device";
    expect_end(run_experiment(experiment, {}), RunState::failed,
               {"backend.device: no such device is no OpenCL device of this machine"});
}

TEST_P(RunOpenCl, WithoutAPlatformTheRunIsUnsupported) {
    std::filesystem::create_directories(path("vendors"));  // without a description of a platform
    const EngineProcess::Environment environment{{"OCL_ICD_VENDORS", path("vendors").string()}};
    expect_end(run_experiment(on_device(small_experiment(), 2), environment), RunState::unsupported,
               {"no OpenCL platform is installed"});
    expect_cpu_unharmed(environment);
}

struct FaultCase {
    const char* fault;
    RunState state;
    std::vector<std::string> message;
};

TEST_P(RunOpenCl, AFaultOfTheDeviceIsOneLineAndTheStateOfTheRun) {
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "a sanitizer wants to be loaded before anything else";
    }
    const std::vector<FaultCase> cases{
        {"clCreateBuffer -4 6", RunState::out_of_memory, {"out of memory", "in one piece", "were asked for"}},
        {"clEnqueueNDRangeKernel -4 1", RunState::out_of_memory, {"out of memory", "gives at most"}},
        {"clEnqueueNDRangeKernel -5 1", RunState::out_of_memory, {"out of resources"}},
        {"clEnqueueNDRangeKernel -2 1", RunState::failed, {"the device is lost"}},
        {"clEnqueueNDRangeKernel -36 1", RunState::failed, {"the device is lost"}},
        {"clEnqueueNDRangeKernel hang 2", RunState::timed_out, {"did not end within", "LONGSCOPE_OPENCL_WATCHDOG"}},
        {"clBuildProgram -11 0", RunState::failed, {"the kernels do not build for"}},
        {"clGetPlatformIDs abort 0", RunState::failed, {"signal"}},
        {"clEnqueueNDRangeKernel abort 0", RunState::failed, {"signal"}},
    };
    for (const FaultCase& c : cases) {
        SCOPED_TRACE(c.fault);
        std::filesystem::remove(database());
        std::filesystem::remove_all(path("cache"));
        const EngineProcess::Environment environment{{"LD_PRELOAD", LONGSCOPE_BINARY_DIR "/lib/libopencl_faults.so"},
                                                     {"LONGSCOPE_TEST_OPENCL_FAULT", c.fault},
                                                     {"LONGSCOPE_OPENCL_WATCHDOG", "2"},
                                                     {"LONGSCOPE_OPENCL_MEMORY", "copied"}};
        expect_end(run_experiment(on_device(small_experiment(), 2), environment), c.state, c.message);
        expect_cpu_unharmed(environment);
    }
}

INSTANTIATE_TEST_SUITE_P(launcher, RunOpenCl, testing::Values(LONGSCOPE_TEST_LAUNCHER),
                         [](const auto& /*info*/) { return LONGSCOPE_TEST_LAUNCHER; });

}  // namespace
}  // namespace longscope
