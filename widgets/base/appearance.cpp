// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/appearance.h"

#include <QApplication>

#include "widgets/base/colours.h"

namespace longscope {

Appearance::Appearance(Mode mode, QObject* parent) : QObject(parent), mode_(mode) {
    apply();
}

const Theme& Appearance::theme() const {
    return mode_ == Mode::dark ? dark_theme() : light_theme();
}

void Appearance::set_mode(Mode mode) {
    if (mode != mode_) {
        mode_ = mode;
        apply();
        Q_EMIT changed();
    }
}

void Appearance::apply() const {
    if (qobject_cast<QApplication*>(QCoreApplication::instance()) != nullptr) {
        QApplication::setPalette(palette_of(theme()));
    }
}

QPalette palette_of(const Theme& theme) {
    const QColor base = to_qcolor(theme.background);
    const QColor text = to_qcolor(theme.foreground);
    // Fields stand out from the window by a shade; buttons by one more.
    const QColor window = to_qcolor(mix(theme.background, theme.foreground, 0.05));
    const QColor button = to_qcolor(mix(theme.background, theme.foreground, 0.10));
    const QColor faded = to_qcolor(mix(theme.background, theme.foreground, 0.45));
    const QColor highlight(0x00, 0x72, 0xb2);  // the blue of Okabe and Ito: white is legible on it
    QPalette palette(text, button, to_qcolor(mix(theme.background, theme.foreground, 0.20)),
                     to_qcolor(mix(theme.background, theme.foreground, 0.40)), to_qcolor(theme.grid), text, Qt::white,
                     base, window);
    palette.setColor(QPalette::AlternateBase, to_qcolor(mix(theme.background, theme.foreground, 0.03)));
    palette.setColor(QPalette::ToolTipBase, window);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::PlaceholderText, faded);
    palette.setColor(QPalette::Highlight, highlight);
    palette.setColor(QPalette::HighlightedText, Qt::white);
    palette.setColor(QPalette::Link, to_qcolor(mix(theme.foreground, {0x00, 0x72, 0xb2, 255}, 0.7)));
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        palette.setColor(QPalette::Disabled, role, faded);
    }
    palette.setColor(QPalette::Disabled, QPalette::Highlight, button);
    return palette;
}

}  // namespace longscope
