// SPDX-License-Identifier: GPL-3.0-or-later
// One device with its context, its queue and the programs that were built for it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/cl_api.h"
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
    [[nodiscard]] const cl::CommandQueue& queue() const { return queue_; }

    // Built, or taken from the cache, when it is asked for first.
    [[nodiscard]] cl::Kernel kernel(const ProgramSource& source, const char* name);

    // Sends what is queued on its way and waits for the event; meanwhile hooks.poll() is called again and again.
    void wait(const cl::Event& event, const AttendHooks& hooks) const;

  private:
    DeviceFacts facts_;
    cl::Device device_;
    std::int64_t compute_units_ = 0;
    cl::Context context_;
    cl::CommandQueue queue_;
    ProgramCache cache_;
    std::map<std::string, cl::Program> programs_;  // by files and options
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
