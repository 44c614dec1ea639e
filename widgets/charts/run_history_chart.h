// SPDX-License-Identifier: GPL-3.0-or-later
// Median time and rate of runs over their number: points, as runs of different experiments have no line in common.
#pragma once

#include <QScatterSeries>
#include <QValueAxis>
#include <vector>

#include "storage/run_page.h"
#include "widgets/charts/chart_page.h"

namespace longscope {

class RunHistoryChart : public ChartPage {
    Q_OBJECT

  public:
    explicit RunHistoryChart(const Appearance& appearance, QWidget* parent = nullptr);

    // In any order; runs without measured repetitions are left out. `filter` is what they match, if anything.
    void set_runs(std::vector<RunRow> runs, const QString& filter = {});

    [[nodiscard]] std::string csv() const override;
    [[nodiscard]] QtCharts::QScatterSeries& time_series() { return *time_; }
    [[nodiscard]] QtCharts::QScatterSeries& rate_series() { return *rate_; }

  Q_SIGNALS:
    void run_activated(qint64 run);

  protected:
    void recolour() override;
    [[nodiscard]] int entries() const override { return static_cast<int>(runs_.size()); }
    [[nodiscard]] int entry_at(QPointF position) const override;
    [[nodiscard]] QString text_of(int entry) const override;
    void mark(int entry) override;
    void open(int entry) override;

  private:
    void fill();
    void fill_side(QtCharts::QScatterSeries& series, QtCharts::QValueAxis& axis, double RunRow::*value, double divisor,
                   const QString& title);
    void show_sides();

    std::vector<RunRow> runs_;  // by number
    QComboBox* shown_;
    QtCharts::QScatterSeries* time_;
    QtCharts::QScatterSeries* rate_;
    QtCharts::QScatterSeries* marker_;
    QtCharts::QValueAxis* number_axis_;
    QtCharts::QValueAxis* time_axis_;
    QtCharts::QValueAxis* rate_axis_;
    double time_divisor_ = 1;
    double rate_divisor_ = 1;
};

}  // namespace longscope
