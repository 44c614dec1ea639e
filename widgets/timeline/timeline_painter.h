// SPDX-License-Identifier: GPL-3.0-or-later
// Paints a timeline: legend and axis above, names of the rows at the left, their bars, the messages between them.
#pragma once

#include <QColor>
#include <QPainter>
#include <QRectF>
#include <optional>
#include <vector>

#include "engine/draw/theme.h"
#include "engine/draw/timeline_picture.h"
#include "widgets/timeline/timeline_layout.h"
#include "widgets/timeline/timeline_rows.h"
#include "widgets/timeline/timeline_scale.h"

namespace longscope {

struct TimelineScene {
    const Theme& theme;
    const TimelineRows& rows;
    const TimelineLayout& layout;
    const TimelineScale& scale;
    QRectF plot;        // where the bars are; the scale's width and the layout's points from its top left corner on
    double scroll = 0;  // points of the rows that lie above the plot
    const std::vector<RankShares>* shares = nullptr;
    std::optional<EventPlace> hovered;
    std::optional<EventPlace> selected;
    std::optional<TimeWindow> range;
    std::optional<std::int32_t> rank;  // highlighted by its name
    QColor focus;                      // marks the view that hears the keys; invalid: another does
};

// Of the names at the left of the plot.
[[nodiscard]] double label_width(const QFont& font, const TimelineRows& rows);
// Of legend and axis above the plot.
[[nodiscard]] double header_height(const QFont& font);

void paint_timeline(QPainter& painter, const TimelineScene& scene);

}  // namespace longscope
