// SPDX-License-Identifier: GPL-3.0-or-later
// What happened, when, on which rank and stream. The executor writes traces of what it measured; a simulator writes the
// same. Times are nanoseconds on one clock per trace.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/parallel/stream.h"

namespace longscope {

enum class Category : std::uint8_t {
    attend,      // a kernel over one block of keys
    merge,       // of a partial result into the running one
    finalize,    // the last touch on the output
    send,        // from the call to the completion of a transfer at the sender
    receive,     // the same at the receiver
    wait,        // the compute stream stands still until a transfer has completed
    copy,        // blocks of a message put together or taken apart
    collective,  // from the call to the completion of an exchange among all ranks
    // Of the backward pass:
    attend_backward,  // a kernel over one block of keys
    delta,            // sums of dO * O
    reduce,           // sums of gradients
    barrier,          // the compute stream stands still until all ranks have done the forward pass
    // On the streams of a device, while the compute stream waits for it in an attend:
    queue,     // a command was asked for, and those before it had begun, but it had not
    upload,    // to the device
    pack,      // inputs are brought into the order in which they are computed
    kernel,    // attention on the device, in either pass
    download,  // from the device
};

inline constexpr std::size_t category_count = 17;
// Those that are not of a device come first.
inline constexpr std::size_t host_category_count = 12;

[[nodiscard]] std::string_view to_string(Category category);
// Throws Error(failed) for a word that to_string does not return.
[[nodiscard]] Category category_from_string(std::string_view text);

// What is computing, of the compute stream; the rest of its time it stands still.
[[nodiscard]] constexpr bool is_computing(Category category) {
    return category == Category::attend || category == Category::merge || category == Category::finalize ||
           category == Category::attend_backward || category == Category::delta || category == Category::reduce;
}
// A kernel over one block of keys, in either pass.
[[nodiscard]] constexpr bool is_attend(Category category) {
    return category == Category::attend || category == Category::attend_backward;
}

struct TraceEvent {
    std::int32_t rank = 0;
    Stream stream = Stream::compute;
    Category category = Category::attend;
    Nanoseconds start_ns = 0;
    Nanoseconds duration_ns = 0;
    std::int64_t bytes = 0;      // payload of a transfer; of a collective: received; DeviceCommand::bytes
    double flops = 0;            // of an attend, in either pass; of a kernel
    std::int64_t operation = 0;  // id in the rank's schedule
    std::int64_t flow = -1;      // joins the send, the receive and the wait of one message, or the parts of all ranks
                                 // in one collective; -1: none
    std::int32_t step = 0;       // of the strategy

    [[nodiscard]] Nanoseconds end_ns() const { return start_ns + duration_ns; }
    [[nodiscard]] bool operator==(const TraceEvent&) const = default;
};

struct Trace {
    std::int32_t ranks = 0;
    std::vector<TraceEvent> events;
};

}  // namespace longscope
