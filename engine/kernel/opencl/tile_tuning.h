// SPDX-License-Identifier: GPL-3.0-or-later
// Which shapes of tiles there are to choose from for a class of calls, and which of them a device is given.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/kernel/opencl/device_facts.h"
#include "engine/kernel/opencl/tile_choice.h"

namespace longscope::opencl {

// What a choice belongs to: another driver may like other shapes.
[[nodiscard]] std::string device_key(const DeviceFacts& facts);

[[nodiscard]] ShapeClass shape_class(Design design, Pass pass, std::int64_t dim_qk, std::int64_t dim_v);

// The default first. Shapes whose local memory the device does not have are left out; the default never is.
[[nodiscard]] std::vector<TileShape> tile_candidates(const ShapeClass& of, const DeviceFacts& facts);

// The last choice for this device and class that is a candidate; without one the default. Choices are untrusted.
[[nodiscard]] TileShape tile_shape(const std::vector<TileChoice>& choices, const ShapeClass& of,
                                   const DeviceFacts& facts);

// What a candidate took.
struct TimedShape {
    TileShape shape;
    std::vector<double> seconds;  // of each turn
    std::string failure;          // in place of these, why it did not run
};

// Nothing more can be measured on the device: it does not answer any more, or its driver is gone.
class MeasuringEnded : public Error {
  public:
    explicit MeasuringEnded(const std::string& message) : Error(ErrorKind::failed, message) {}
};

// Measures all candidates in turns, so that a change of the clock meets all of them. One that throws Error is not
// measured again; MeasuringEnded and Error(cancelled) are passed on.
[[nodiscard]] std::vector<TimedShape> measure_in_turns(const std::vector<TileShape>& candidates, int turns,
                                                       const std::function<double(const TileShape&)>& seconds_of);

// The one whose shortest turn is shortest, where that is at least 2 % shorter than the first one's, which noise is not
// to replace. `timed` is not empty.
[[nodiscard]] const TimedShape& best_of(const std::vector<TimedShape>& timed);

}  // namespace longscope::opencl
