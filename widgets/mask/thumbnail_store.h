// SPDX-License-Identifier: GPL-3.0-or-later
// Small pictures, drawn on a thread of their own when they are first asked for, and kept for every theme and scale.
// Lives on the GUI thread.
#pragma once

#include <QHash>
#include <QImage>
#include <QObject>
#include <QThreadPool>
#include <atomic>
#include <functional>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"

namespace longscope {

class ThumbnailStore : public QObject {
    Q_OBJECT

  public:
    // Called on the other thread. What it throws leaves that picture empty.
    using Draw = std::function<DisplayList(int index, const Theme& theme)>;

    explicit ThumbnailStore(Draw draw, QObject* parent = nullptr);
    // Waits for the picture that is being drawn.
    ~ThumbnailStore() override;

    // Null while it is not there: then came() follows. With `ratio` pixels a point.
    [[nodiscard]] QImage find(int index, const Theme& theme, double ratio);

  Q_SIGNALS:
    void came(int index);

  private:
    void draw(const QString& key, int index, const Theme& theme, double ratio);

    Draw draw_;
    QHash<QString, QImage> images_;  // those that were asked for; null until they are there
    std::atomic<bool> ending_ = false;
    QThreadPool pool_;
};

}  // namespace longscope
