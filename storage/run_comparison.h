// SPDX-License-Identifier: GPL-3.0-or-later
// Two stored runs beside each other: what differs in how they were made, and how their figures relate.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "storage/records.h"

namespace longscope {

// A value that is not the same in both; `path` is that of JSON fields ("layout.ranks"). Absent: null.
struct Difference {
    std::string path;
    std::string a;  // JSON
    std::string b;
};

// In the order of the documents. Lists are compared as a whole.
[[nodiscard]] std::vector<Difference> differences(const Json& a, const Json& b, const std::string& path = "");

// What differences() compares: the experiment, with the environment and the host under "environment".
[[nodiscard]] Json configuration(const StoredRun& run);

// One figure of a run, with the range in which half of its measured repetitions lie; where nothing is repeated, all
// three are the same. NaN: the run does not have it.
struct Figure {
    double low = 0;
    double middle = 0;
    double high = 0;
};

struct Metric {
    std::string_view name;
    std::string_view meaning;
    std::string (*format)(double value);
    Figure (*of)(const StoredRun& run);
};

// Times are means over the draws of a run of the median and the quartiles of each draw's measured repetitions, as in
// figures_of(): a run of three draws compares with a run of one. Draws without measured repetitions are left out.
[[nodiscard]] const std::vector<Metric>& metrics();

// b / a, and the range from the low end of b over the high end of a to the reverse.
[[nodiscard]] Figure ratio(const Figure& a, const Figure& b);

}  // namespace longscope
