// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/operation_events.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace longscope {

namespace {

std::pair<Stream, Category> place_of(DeviceWork work) {
    switch (work) {
        case DeviceWork::upload:
            return {Stream::device_upload, Category::upload};
        case DeviceWork::pack:
            return {Stream::device_compute, Category::pack};
        case DeviceWork::compute:
            break;
        case DeviceWork::download:
            return {Stream::device_download, Category::download};
    }
    return {Stream::device_compute, Category::kernel};
}

}  // namespace

Category transfer_category(OperationKind kind) {
    switch (kind) {
        case OperationKind::send:
            return Category::send;
        case OperationKind::recv:
            return Category::receive;
        default:
            return Category::collective;
    }
}

void OperationEvents::add(const Operation& operation, Category category, Nanoseconds start_ns, Nanoseconds end_ns) {
    TraceEvent event;
    event.rank = rank_;
    event.stream = category == Category::wait ? Stream::compute : operation.stream;
    event.category = category;
    event.start_ns = start_ns;
    event.duration_ns = end_ns - start_ns;
    event.bytes = category == Category::wait ? 0 : operation.bytes;
    event.flops = operation.flops;
    event.operation = operation.id;
    event.flow = operation.flow;
    event.step = operation.step;
    events_.add(event);
}

void OperationEvents::add(const Operation& operation, const DeviceCommand& command, Nanoseconds begun_ns) {
    TraceEvent event;
    event.rank = rank_;
    event.operation = operation.id;
    event.step = operation.step;
    event.stream = Stream::device_queue;
    event.category = Category::queue;
    event.start_ns = std::max(command.queued_ns, begun_ns);
    event.duration_ns = command.start_ns - event.start_ns;
    if (event.duration_ns > 0) {
        events_.add(event);
    }
    std::tie(event.stream, event.category) = place_of(command.work);
    event.start_ns = command.start_ns;
    event.duration_ns = command.end_ns - command.start_ns;
    event.bytes = command.bytes;
    event.flops = command.flops;
    events_.add(event);
}

}  // namespace longscope
