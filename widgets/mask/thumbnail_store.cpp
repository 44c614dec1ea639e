// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/thumbnail_store.h"

#include <QPainter>
#include <cmath>
#include <exception>

#include "widgets/base/colours.h"
#include "widgets/base/display_painter.h"

namespace longscope {

namespace {

QImage image_of(const DisplayList& list, double ratio) {
    QImage image(static_cast<int>(std::ceil(list.width * ratio)), static_cast<int>(std::ceil(list.height * ratio)),
                 QImage::Format_RGB32);
    image.setDevicePixelRatio(ratio);
    QPainter painter(&image);
    paint(painter, list);
    return image;
}

}  // namespace

ThumbnailStore::ThumbnailStore(Draw draw, QObject* parent) : QObject(parent), draw_(std::move(draw)) {
    pool_.setMaxThreadCount(1);
}

ThumbnailStore::~ThumbnailStore() {
    ending_ = true;
    pool_.clear();
    pool_.waitForDone();
}

QImage ThumbnailStore::find(int index, const Theme& theme, double ratio) {
    const QString key = QStringLiteral("%1 %2 %3").arg(index).arg(to_qstring(theme.name)).arg(ratio);
    const auto found = images_.constFind(key);
    if (found != images_.constEnd()) {
        return *found;
    }
    images_.insert(key, {});
    pool_.start([this, key, index, theme, ratio] { draw(key, index, theme, ratio); });
    return {};
}

// On the other thread.
void ThumbnailStore::draw(const QString& key, int index, const Theme& theme, double ratio) {
    if (ending_) {
        return;
    }
    QImage image;
    try {
        image = image_of(draw_(index, theme), ratio);
    } catch (const std::exception&) {  // the gallery goes on with an empty place
        return;
    }
    // What is posted to an object that is gone is dropped; the destructor has waited for this thread.
    QMetaObject::invokeMethod(
        this,
        [this, key, index, image] {
            images_[key] = image;
            Q_EMIT came(index);
        },
        Qt::QueuedConnection);
}

}  // namespace longscope
