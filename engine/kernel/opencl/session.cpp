// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "engine/base/units.h"
#include "engine/kernel/opencl/device_list.h"

namespace longscope::opencl {

namespace {

// A part of a processor with so many compute units; the whole where it cannot be divided or is no larger.
cl::Device part_of(const cl::Device& device, const DeviceFacts& facts, int threads) {
    if (facts.type != DeviceType::processor || threads >= facts.compute_units) {
        return device;
    }
    const std::vector<cl_device_partition_property> properties{CL_DEVICE_PARTITION_BY_COUNTS, threads,
                                                               CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
    std::vector<cl::Device> parts;
    try {
        cl::Device(device).createSubDevices(properties.data(), &parts);
    } catch (const cl::Error&) {
        return device;
    }
    return parts.empty() ? device : parts.front();
}

// Told by the driver's thread that an event has come; lives until both sides have let go.
struct Arrival {
    std::mutex mutex;
    std::condition_variable changed;
    bool there = false;
};

void CL_CALLBACK tell_arrival(cl_event /*event*/, cl_int /*status*/, void* data) {
    const std::unique_ptr<std::shared_ptr<Arrival>> arrival(static_cast<std::shared_ptr<Arrival>*>(data));
    const std::lock_guard lock((*arrival)->mutex);
    (*arrival)->there = true;
    (*arrival)->changed.notify_all();
}

}  // namespace

Session::Session(std::size_t place, const KernelOptions& options)
    : facts_(device_list().facts.at(place)), cache_(options.program_cache) {
    with_clear_errors(facts_.name, [&] {
        device_ = part_of(device_list().devices[place], facts_, options.threads);
        compute_units_ = device_.getInfo<CL_DEVICE_MAX_COMPUTE_UNITS>();
        context_ = cl::Context(device_);
        queue_ = cl::CommandQueue(context_, device_, CL_QUEUE_PROFILING_ENABLE);
    });
}

cl::Kernel Session::kernel(const ProgramSource& source, const char* name) {
    std::string key = source.options();
    for (const std::string_view file : source.files) {
        key += fmt::format(" {}", file);
    }
    auto known = programs_.find(key);
    if (known == programs_.end()) {
        known = programs_.emplace(key, cache_.get(context_, device_, facts_, source)).first;
    }
    return {known->second, name};
}

void Session::wait(const cl::Event& event, const AttendHooks& hooks) const {
    queue_.flush();
    if (hooks.poll) {
        const auto arrival = std::make_shared<Arrival>();
        auto for_callback = std::make_unique<std::shared_ptr<Arrival>>(arrival);
        cl::Event(event).setCallback(CL_COMPLETE, tell_arrival, for_callback.get());
        static_cast<void>(for_callback.release());  // the callback owns it now
        constexpr std::chrono::microseconds poll_interval{500};
        bool there = false;
        do {
            hooks.poll();  // once also where the device is faster
            std::unique_lock lock(arrival->mutex);
            there = arrival->changed.wait_for(lock, poll_interval, [&] { return arrival->there; });
        } while (!there);
    }
    event.wait();
}

const cl::Buffer& SpareBuffer::of_bytes(const Session& session, std::int64_t bytes) {
    bytes = std::max<std::int64_t>(bytes, 64);
    if (bytes <= bytes_) {
        return buffer_;
    }
    const DeviceFacts& facts = session.facts();
    if (bytes > facts.largest_allocation_bytes) {
        throw Error(ErrorKind::out_of_memory,
                    fmt::format("opencl: {}: {} are needed in one piece; the device gives at most {}", facts.name,
                                format_bytes(bytes), format_bytes(facts.largest_allocation_bytes)));
    }
    bytes_ = 0;
    buffer_ = cl::Buffer();
    buffer_ = cl::Buffer(session.context(), CL_MEM_READ_WRITE, static_cast<std::size_t>(bytes));
    bytes_ = bytes;
    return buffer_;
}

}  // namespace longscope::opencl
