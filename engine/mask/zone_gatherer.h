// SPDX-License-Identifier: GPL-3.0-or-later
// Zones from rows: runs of keys that continue from one row to the next, straight or along the diagonal, become one
// zone. Time is proportional to the runs, memory to the zones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/mask/mask.h"
#include "engine/mask/striped_zone.h"

namespace longscope {

// As many as an expression may have.
inline constexpr std::size_t max_gathered_zones = std::size_t{1} << 23U;

// Throws Error(bad_input) that names `field` where there are more.
void require_zone_count(std::size_t zones, const std::string& field);

class ZoneGatherer {
  public:
    // `field` names in messages what the rows are of.
    explicit ZoneGatherer(std::string field) : field_(std::move(field)) {}

    // Rows in ascending order; runs ascending, disjoint and not adjacent. Throws Error(bad_input) where there are more
    // than max_gathered_zones.
    void add(std::int64_t row, const std::vector<Range>& runs);
    // Those of the rows so far.
    [[nodiscard]] std::size_t zones() const { return closed_.size() + open_.size(); }
    // Disjoint, by their first rows. Nothing may be added afterwards.
    [[nodiscard]] ZoneList finish();

  private:
    struct Open {
        std::int64_t first_row = 0;
        std::int64_t last_row = 0;
        Range first;
        Range last;
        bool begin_slants = false;  // from some row on; until then it is upright
        bool end_upright = false;   // from some row on; until then it slants
    };
    // Whether the run carries the zone on to the next row.
    static bool carry_on(Open& zone, Range run);
    void close(const Open& zone);
    void close_all();

    std::string field_;
    std::int64_t last_row_ = 0;
    std::vector<Open> open_;  // those that reach the last row, ascending
    std::vector<Open> next_;
    ZoneList closed_;
};

// The zones of any mask; those that it is made of where it is made of zones. Otherwise, time is proportional to the
// runs of its rows, and Error(bad_input) that names `field` is thrown where they make too many zones.
[[nodiscard]] ZoneList zones_of(const Mask& mask, const std::string& field);

// The same with its striped zones as they are.
[[nodiscard]] ZoneSet zone_set_of(const Mask& mask, const std::string& field);

// The same row by row, also where the mask is made of zones: often fewer, because zones that meet become one.
[[nodiscard]] ZoneList gathered_zones(const Mask& mask, const std::string& field);

}  // namespace longscope
