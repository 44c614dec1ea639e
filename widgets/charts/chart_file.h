// SPDX-License-Identifier: GPL-3.0-or-later
// A chart as a file. Charts are painted on the GUI thread alone; the strokes are kept, and what takes long, pixels and
// their compression, is done elsewhere.
#pragma once

#include <QImage>
#include <QPicture>
#include <QSize>
#include <QString>

namespace longscope {

struct ChartDrawing {
    QPicture strokes;
    QSize size;
    QString title;
    QString description;
};

// Throws Error(bad_input) when the ending of the name is that of no known format.
void require_chart_ending(const QString& path);

[[nodiscard]] QImage chart_image(const ChartDrawing& drawing);

// Each on any thread. They throw Error(failed) when the file cannot be written.
void write_chart(const QString& path, const ChartDrawing& drawing);  // PNG, SVG or PDF, by the ending
void write_chart_data(const QString& path, const std::string& csv);

}  // namespace longscope
