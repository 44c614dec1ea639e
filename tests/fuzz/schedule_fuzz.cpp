// SPDX-License-Identifier: GPL-3.0-or-later
// Schedules, which a database holds as JSON.
#include "engine/parallel/schedule.h"

#include <nlohmann/json.hpp>

#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace longscope;
    Schedule schedule;
    if (!fuzz::accepts([&] { schedule = schedule_from_json(parse_json(fuzz::text_of(data, size), "input")); })) {
        return 0;
    }
    fuzz::require(schedule_from_json(parse_json(to_json(schedule).dump(), "written")) == schedule,
                  "what was written reads back the same");
    (void)fuzz::accepts([&] { (void)totals(schedule); });
    return 0;
}
