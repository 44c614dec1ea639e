// SPDX-License-Identifier: GPL-3.0-or-later
// One device with its context, its queues and the programs that were built for it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/cl_api.h"
#include "engine/kernel/opencl/command_log.h"
#include "engine/kernel/opencl/device_facts.h"
#include "engine/kernel/opencl/program.h"

namespace longscope::opencl {

// Not thread-safe.
class Session {
  public:
    // Of the device at a place of the list. On a processor that can be divided, no more compute units than threads are
    // used. Throws Error.
    Session(std::size_t place, const KernelOptions& options);

    [[nodiscard]] const DeviceFacts& facts() const { return facts_; }
    [[nodiscard]] std::int64_t compute_units() const { return compute_units_; }
    [[nodiscard]] const cl::Context& context() const { return context_; }
    // Of kernels, and of what they need at once.
    [[nodiscard]] const cl::CommandQueue& queue() const { return queue_; }
    // Of large transfers, which go on while kernels run.
    [[nodiscard]] const cl::CommandQueue& upload_queue() const { return upload_queue_; }
    [[nodiscard]] const cl::CommandQueue& download_queue() const { return download_queue_; }
    // Does the device compute in the caller's memory?
    [[nodiscard]] bool computes_in_place() const { return computes_in_place_; }
    [[nodiscard]] CommandLog& log() const { return log_; }

    // A call begins, and ends when all that was asked for has been done; then hooks.device is told of it.
    void begin_call(const AttendHooks& hooks);
    void end_call(const AttendHooks& hooks);
    // Waits until the device touches nothing more of a call that failed. Throws TimedOut, cl::Error.
    void abandon_call();

    // Ends when the kernels that were asked for up to now have ended.
    [[nodiscard]] cl::Event after_kernels() const;
    // Kernels that are asked for from now on start after it.
    void kernels_wait_for(const cl::Event& event) const;
    // The call does not end before it.
    void expect(const cl::Event& event) const { expected_.push_back(event); }

    // Built, or taken from the cache, when it is asked for first.
    [[nodiscard]] cl::Kernel kernel(const ProgramSource& source, const char* name);

    // Sends what is queued on its way and waits for the event; meanwhile hooks.poll() is called again and again. Throws
    // TimedOut where it takes longer than the watchdog allows, cl::Error where it fails.
    void wait(const cl::Event& event, const AttendHooks& hooks) const;

  private:
    DeviceFacts facts_;
    cl::Device device_;
    std::int64_t compute_units_ = 0;
    cl::Context context_;
    cl::CommandQueue queue_;
    cl::CommandQueue upload_queue_;
    cl::CommandQueue download_queue_;
    bool computes_in_place_ = false;
    Nanoseconds watchdog_ns_ = 0;
    ProgramCache cache_;
    std::map<std::string, cl::Program> programs_;  // by files and options
    // What is known of a call, which changes nothing of the session.
    mutable CommandLog log_;
    mutable std::vector<cl::Event> expected_;
    ClockMark call_begin_;
};

// Device memory that is kept from call to call, and replaced by more when that is asked for.
class SpareBuffer {
  public:
    // Throws Error(out_of_memory) before more is asked for than the device gives in one piece.
    [[nodiscard]] const cl::Buffer& of_bytes(const Session& session, std::int64_t bytes);

  private:
    cl::Buffer buffer_;
    std::int64_t bytes_ = 0;
};

}  // namespace longscope::opencl
