// SPDX-License-Identifier: GPL-3.0-or-later
// Many points on a line as few that look the same: of each band of x the first, the least, the greatest and the last.
#pragma once

#include <QPointF>
#include <QVector>

namespace longscope {

// `points` by rising x. At most four points a band; what is fewer stays as it is.
[[nodiscard]] QVector<QPointF> point_bands(const QVector<QPointF>& points, int bands);

}  // namespace longscope
