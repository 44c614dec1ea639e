// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of widgets for people to look at: they lie in pictures/ of the build folder.
#pragma once

#include <gtest/gtest.h>

#include <QDir>
#include <QImage>
#include <QPainter>
#include <QSet>
#include <QWidget>

#include "tests/support/paths.h"

namespace longscope {

// `ratio` pixels of the picture for each of the widget.
[[nodiscard]] inline QImage render_at(QWidget& widget, int ratio) {
    QImage image(widget.size() * ratio, QImage::Format_RGB32);
    image.setDevicePixelRatio(ratio);
    image.fill(Qt::magenta);
    widget.render(&image);
    return image;
}

inline void save_picture(const QImage& image, const QString& name, bool dark, int ratio) {
    const QDir folder(QStringLiteral(LONGSCOPE_BINARY_DIR "/pictures"));
    ASSERT_TRUE(folder.mkpath(QStringLiteral(".")));
    const QString file = QStringLiteral("%1-%2-%3.png")
                             .arg(name, dark ? QStringLiteral("dark") : QStringLiteral("light"))
                             .arg(ratio * 100);
    ASSERT_TRUE(image.save(folder.filePath(file)));
}

[[nodiscard]] inline int count_colours(const QImage& image) {
    QSet<QRgb> colours;
    for (int y = 0; y < image.height(); y += 3) {
        for (int x = 0; x < image.width(); x += 3) {
            colours.insert(image.pixel(x, y));
        }
    }
    return colours.size();
}

}  // namespace longscope
