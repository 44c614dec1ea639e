// SPDX-License-Identifier: GPL-3.0-or-later
// The work of each rank as a bar, with the mean as a line.
#pragma once

#include <QWidget>
#include <vector>

#include "engine/experiment/cost.h"
#include "widgets/base/appearance.h"

namespace longscope {

class RankBars : public QWidget {
    Q_OBJECT

  public:
    explicit RankBars(const Appearance& appearance, QWidget* parent = nullptr);

    void show_cost(const ExperimentCost& cost);
    [[nodiscard]] QSize sizeHint() const override { return {200, 110}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {80, 80}; }

  protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

  private:
    [[nodiscard]] int rank_at(double x) const;

    const Appearance& appearance_;
    std::vector<RankCost> ranks_;
};

}  // namespace longscope
