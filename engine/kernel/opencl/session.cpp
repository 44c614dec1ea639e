// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "engine/base/timed_out.h"
#include "engine/base/units.h"
#include "engine/kernel/opencl/device_list.h"
#include "engine/kernel/opencl/session_settings.h"

namespace longscope::opencl {

namespace {

// So long a mark of the device's clock is used: meanwhile two clocks drift apart by some microseconds, and marks take
// about as long as a short call.
constexpr Nanoseconds mark_age_ns = 500'000'000;

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
    : facts_(device_list().facts.at(place)),
      computes_in_place_(facts_.shares_host_memory && facts_.type == DeviceType::processor && !asks_for_copies()),
      watchdog_ns_(asked_watchdog_ns()),
      cache_(options.program_cache) {
    with_clear_errors(facts_, [&] {
        // A part of PoCL copies with the threads that compute alone: what copies while it computes is not divided.
        const cl::Device& whole = device_list().devices[place];
        device_ = asks_for_copies() ? whole : part_of(whole, facts_, options.threads);
        compute_units_ = device_.getInfo<CL_DEVICE_MAX_COMPUTE_UNITS>();
        if (asks_for_copies() && facts_.type == DeviceType::processor) {
            compute_units_ = std::min<std::int64_t>(compute_units_, options.threads);
        }
        context_ = cl::Context(device_);
        for (cl::CommandQueue* queue : {&queue_, &upload_queue_, &download_queue_}) {
            *queue = cl::CommandQueue(context_, device_, CL_QUEUE_PROFILING_ENABLE);
        }
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

void Session::begin_call(const AttendHooks& hooks) {
    log_.begin(static_cast<bool>(hooks.device));
    expected_.clear();
    if (log_.is_wanted() && now_ns() - call_begin_.host_ns > mark_age_ns) {
        call_begin_ = clock_mark(device_, queue_);
    }
}

void Session::end_call(const AttendHooks& hooks) {
    for (const cl::Event& event : std::exchange(expected_, {})) {
        wait(event, hooks);
    }
    if (log_.is_wanted()) {
        const ClockMark begin = call_begin_;
        if (now_ns() - call_begin_.host_ns > mark_age_ns) {
            call_begin_ = clock_mark(device_, queue_);
        }
        for (const DeviceCommand& command : log_.take(begin, call_begin_)) {
            hooks.device(command);
        }
    }
}

void Session::abandon_call() {
    log_.begin(false);
    expected_.clear();
    for (const cl::CommandQueue& queue : {queue_, upload_queue_, download_queue_}) {
        cl::Event last;
        queue.enqueueMarkerWithWaitList(nullptr, &last);
        wait(last, {});
    }
}

cl::Event Session::after_kernels() const {
    cl::Event event;
    queue_.enqueueMarkerWithWaitList(nullptr, &event);
    queue_.flush();  // before another queue waits for it
    return event;
}

void Session::kernels_wait_for(const cl::Event& event) const {
    const std::vector<cl::Event> events{event};
    queue_.enqueueBarrierWithWaitList(&events);
}

void Session::wait(const cl::Event& event, const AttendHooks& hooks) const {
    for (const cl::CommandQueue& queue : {queue_, upload_queue_, download_queue_}) {
        queue.flush();
    }
    const auto arrival = std::make_shared<Arrival>();
    auto for_callback = std::make_unique<std::shared_ptr<Arrival>>(arrival);
    cl::Event(event).setCallback(CL_COMPLETE, tell_arrival, for_callback.get());
    static_cast<void>(for_callback.release());  // the callback owns it now
    constexpr std::chrono::microseconds poll_interval{500};
    const Nanoseconds deadline_ns = now_ns() + watchdog_ns_;
    cl_int status = CL_QUEUED;
    do {
        if (hooks.poll) {
            hooks.poll();  // once also where the device is faster
        }
        {
            std::unique_lock lock(arrival->mutex);
            arrival->changed.wait_for(lock, poll_interval, [&] { return arrival->there; });
        }
        // Not every driver tells of an event that has come before it was asked to.
        status = event.getInfo<CL_EVENT_COMMAND_EXECUTION_STATUS>();
        if (status > CL_COMPLETE && now_ns() > deadline_ns) {
            throw TimedOut(
                fmt::format("opencl: {}: what it computes did not end within {} ({}); the device is not used "
                            "any more",
                            facts_.name, format_duration(watchdog_ns_), watchdog_variable));
        }
    } while (status > CL_COMPLETE);
    if (status < 0) {
        throw cl::Error(status, "what it computes");
    }
    event.wait();  // has ended: what it wrote is there for this thread too
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
    try {
        buffer_ = cl::Buffer(session.context(), CL_MEM_READ_WRITE, static_cast<std::size_t>(bytes));
    } catch (const cl::Error& error) {
        const Error clear = clear_error(error, facts);
        if (clear.kind() != ErrorKind::out_of_memory) {
            throw;
        }
        throw Error(clear.kind(), fmt::format("{}; {} were asked for", clear.what(), format_bytes(bytes)));
    }
    bytes_ = bytes;
    return buffer_;
}

}  // namespace longscope::opencl
