// SPDX-License-Identifier: GPL-3.0-or-later
// Light or dark, for the whole window: the palette of the application and the theme that views paint with. Views ask
// for the theme when they paint, and repaint on changed().
#pragma once

#include <QObject>
#include <QPalette>

#include "engine/draw/theme.h"

namespace longscope {

class Appearance : public QObject {
    Q_OBJECT

  public:
    enum class Mode { light, dark };

    explicit Appearance(Mode mode = Mode::light, QObject* parent = nullptr);

    [[nodiscard]] Mode mode() const { return mode_; }
    [[nodiscard]] const Theme& theme() const;
    // Changes the palette of the application, if there is one, and signals changed().
    void set_mode(Mode mode);

  Q_SIGNALS:
    void changed();

  private:
    void apply() const;

    Mode mode_;
};

[[nodiscard]] QPalette palette_of(const Theme& theme);

}  // namespace longscope
