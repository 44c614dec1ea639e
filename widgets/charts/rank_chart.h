// SPDX-License-Identifier: GPL-3.0-or-later
// What each rank did in one repetition: where its time went, or how much it had to do.
#pragma once

#include <QBarSet>
#include <QStackedBarSeries>
#include <QValueAxis>
#include <array>
#include <vector>

#include "storage/records.h"
#include "widgets/charts/chart_page.h"

namespace longscope {

class RankChart : public ChartPage {
    Q_OBJECT

  public:
    enum class Quantity { time, pairs, bytes_received, memory };

    explicit RankChart(const Appearance& appearance, QWidget* parent = nullptr);

    // `caption` says which repetition of which run. Many ranks are drawn in groups, each as the mean of its ranks.
    void set_ranks(std::vector<RankResult> ranks, const QString& caption = {});
    void show_quantity(Quantity quantity);

    [[nodiscard]] std::string csv() const override;
    [[nodiscard]] QtCharts::QStackedBarSeries& series() { return *series_; }

  protected:
    void recolour() override;
    [[nodiscard]] int entries() const override { return static_cast<int>(ranks_.size()); }
    [[nodiscard]] int entry_at(QPointF position) const override;
    [[nodiscard]] QString text_of(int entry) const override;
    void mark(int entry) override;

  private:
    void fill();
    [[nodiscard]] Quantity quantity() const { return static_cast<Quantity>(choice_->currentIndex()); }
    [[nodiscard]] std::size_t ranks_a_bar() const;

    std::vector<RankResult> ranks_;  // by rank
    QString caption_;
    QComboBox* choice_;
    QtCharts::QStackedBarSeries* series_;
    std::array<QtCharts::QBarSet*, 4> sets_{};  // of the series; the series owns them
    QtCharts::QValueAxis* rank_axis_;
    QtCharts::QValueAxis* value_axis_;
};

}  // namespace longscope
