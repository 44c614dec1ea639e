// SPDX-License-Identifier: GPL-3.0-or-later
// The unit in which an axis counts, such that its labels are short.
#pragma once

#include <QString>
#include <cstdint>

namespace longscope {

struct AxisUnit {
    double divisor = 1;  // a value in the unit of storage by this is one in the axis's unit
    QString name;
};

[[nodiscard]] AxisUnit duration_unit(double largest_ns);
[[nodiscard]] AxisUnit rate_unit(double largest_flops_per_s);
[[nodiscard]] AxisUnit bytes_unit(double largest_bytes);
[[nodiscard]] AxisUnit count_unit(double largest);  // the name is empty, "thousand", ...

// A round number not below `largest`, and the distance of about five ticks up to it.
struct AxisEnd {
    double end = 1;
    double step = 1;
};
[[nodiscard]] AxisEnd axis_end(double largest);
// The same with whole steps, for numbers of runs and ranks that span `span`.
[[nodiscard]] double whole_step(std::int64_t span);

}  // namespace longscope
