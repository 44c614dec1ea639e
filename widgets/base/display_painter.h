// SPDX-License-Identifier: GPL-3.0-or-later
// Paints the engine's display lists with QPainter; files are painted by engine/draw/cairo_painter.h.
#pragma once

#include <QPainter>

#include "engine/draw/display_list.h"

namespace longscope {

// In the painter's coordinates, from the top left corner; the background is painted too.
void paint(QPainter& painter, const DisplayList& list);

}  // namespace longscope
