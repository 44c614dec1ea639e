// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/charts/point_bands.h"

#include <algorithm>
#include <array>

namespace longscope {

QVector<QPointF> point_bands(const QVector<QPointF>& points, int bands) {
    if (points.size() <= 4 * bands) {
        return points;
    }
    const double from = points.first().x();
    const double width = (points.last().x() - from) / bands;
    QVector<QPointF> kept;
    kept.reserve(4 * bands);
    for (int i = 0; i < points.size();) {
        const int band = std::min(bands - 1, static_cast<int>((points[i].x() - from) / width));
        int least = i;
        int greatest = i;
        int end = i;
        while (end < points.size() && std::min(bands - 1, static_cast<int>((points[end].x() - from) / width)) == band) {
            least = points[end].y() < points[least].y() ? end : least;
            greatest = points[end].y() > points[greatest].y() ? end : greatest;
            ++end;
        }
        std::array<int, 4> chosen{i, std::min(least, greatest), std::max(least, greatest), end - 1};
        for (std::size_t j = 0; j < chosen.size(); ++j) {
            if (j == 0 || chosen.at(j) != chosen.at(j - 1)) {
                kept.append(points[chosen.at(j)]);
            }
        }
        i = end;
    }
    return kept;
}

}  // namespace longscope
