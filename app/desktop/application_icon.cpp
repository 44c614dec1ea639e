// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/application_icon.h"

#include <QPainter>
#include <QPixmap>
#include <QSvgRenderer>

// Names the resources of a static library, so that the linker takes them in; the macro wants no namespace.
static void take_icons_in() {
    Q_INIT_RESOURCE(icons);
}

namespace longscope {

QIcon application_icon() {
    take_icons_in();
    QSvgRenderer drawing(QStringLiteral(":/icons/org.longscope.Longscope.svg"));
    QIcon icon;
    for (const int size : {16, 24, 32, 48, 64, 128}) {
        QPixmap picture(size, size);
        picture.fill(Qt::transparent);
        QPainter painter(&picture);
        drawing.render(&painter);
        painter.end();
        icon.addPixmap(picture);
    }
    return icon;
}

}  // namespace longscope
