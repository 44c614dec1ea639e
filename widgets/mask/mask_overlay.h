// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask's canvas paints over and around the matrix: borders of documents, who holds what, the axes.
#pragma once

#include <QPainter>
#include <QRectF>
#include <QSize>

#include "engine/draw/theme.h"
#include "widgets/mask/mask_viewport.h"
#include "widgets/mask/shown_mask.h"

namespace longscope {

namespace mask_overlay {

struct Scene {
    const ShownMask& mask;
    const MaskViewport& viewport;
    QRectF plot;
    const Theme& theme;
};

// Where the matrix lies in a widget of this size; strips for ranks take a little at the top and at the left.
[[nodiscard]] QRectF plot_of(const QSize& size, bool with_ranks);

// A square for each document that is more than a few pixels wide.
void paint_documents(QPainter& painter, const Scene& scene);
// Lines between tokens, once they are large.
void paint_token_lines(QPainter& painter, const Scene& scene);
void paint_selection(QPainter& painter, const QRectF& area, const Theme& theme);
// Along the axes, in the ranks' colours, and lines where few of them border in view.
void paint_ranks(QPainter& painter, const Scene& scene);
// Keys on top, queries at the left, and a frame.
void paint_axes(QPainter& painter, const Scene& scene);

}  // namespace mask_overlay

}  // namespace longscope
