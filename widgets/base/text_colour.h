// SPDX-License-Identifier: GPL-3.0-or-later
// Secondary text in a colour of the theme: the palette's own for hints is too faint to read.
#pragma once

#include <QPalette>
#include <QWidget>

#include "widgets/base/colours.h"

namespace longscope {

// Set again when the appearance changes.
inline void set_text_colour(QWidget& widget, Colour colour) {
    QPalette palette = widget.palette();
    palette.setColor(widget.foregroundRole(), to_qcolor(colour));
    widget.setPalette(palette);
}

}  // namespace longscope
