// SPDX-License-Identifier: GPL-3.0-or-later
// What a timeline says about its events and about a part of its time.
#pragma once

#include <QString>
#include <QStringList>
#include <optional>
#include <vector>

#include "engine/draw/timeline_picture.h"
#include "profiler/trace_window.h"
#include "widgets/timeline/timeline_rows.h"

namespace longscope {

[[nodiscard]] QString category_name(Category category);
[[nodiscard]] QString stream_name(Stream stream);
[[nodiscard]] QString rank_name(std::int32_t rank);
[[nodiscard]] QString step_name(std::int32_t step);

// What the colours mean: those of the events, and of the bars below the names of ranks where there are shares.
struct LegendEntry {
    Category category;
    QString name;
};
[[nodiscard]] std::vector<LegendEntry> legend_entries(const TimelineRows& rows, const std::vector<RankShares>& shares);

// How much there is.
[[nodiscard]] QString overview_text(const TimelineRows& rows);

// What it is and where; when; what it moved and computed, and how fast; its message.
[[nodiscard]] QStringList event_lines(const TimelineRows& rows, const TraceEvent& event);

// The time, where it went, what was moved and computed.
[[nodiscard]] QStringList summary_lines(const WindowSummary& summary, Nanoseconds origin_ns,
                                        std::optional<std::int32_t> rank);

[[nodiscard]] QString shares_text(std::int32_t rank, const RankShares& shares);

}  // namespace longscope
