// SPDX-License-Identifier: GPL-3.0-or-later
// Arbitrary traces for tests.
#pragma once

#include <rapidcheck.h>

#include <cstdint>

#include "engine/trace/trace.h"

namespace longscope {

// Up to four ranks; events may overlap, lie before 0, last no time, and name messages that nobody received.
inline rc::Gen<Trace> any_trace() {
    return rc::gen::exec([] {
        Trace trace{*rc::gen::inRange(1, 5), {}};
        const auto count = *rc::gen::inRange(0, 60);
        for (int i = 0; i < count; ++i) {
            TraceEvent event;
            event.rank = *rc::gen::inRange(0, trace.ranks);
            event.category = static_cast<Category>(*rc::gen::inRange(0, 6));
            event.stream = event.category == Category::send      ? Stream::send
                           : event.category == Category::receive ? Stream::receive
                                                                 : Stream::compute;
            event.start_ns = *rc::gen::inRange<Nanoseconds>(-2000, 5000);
            event.duration_ns = *rc::gen::inRange<Nanoseconds>(0, 1500);
            event.bytes = event.stream == Stream::compute ? 0 : *rc::gen::inRange<std::int64_t>(0, 1 << 20);
            event.flops = event.category == Category::attend ? *rc::gen::inRange(1, 1 << 30) / 7.0 : 0.0;
            event.operation = i;
            event.flow = *rc::gen::inRange(-1, 12);
            event.step = *rc::gen::inRange(0, 9);
            trace.events.push_back(event);
        }
        return trace;
    });
}

}  // namespace longscope
