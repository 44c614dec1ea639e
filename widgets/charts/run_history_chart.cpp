// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/charts/run_history_chart.h"

#include <QLegendMarker>
#include <algorithm>
#include <cmath>

#include "engine/base/units.h"
#include "storage/csv_field.h"
#include "widgets/base/colours.h"
#include "widgets/charts/axis_unit.h"
#include "widgets/charts/point_bands.h"

namespace longscope {

namespace {

// Of more points than this the least and the greatest of neighbours are drawn.
constexpr std::size_t most_single_points = 300;
constexpr int bands = 300;

bool has_figures(const RunRow& run) {
    return std::isfinite(run.median_ns) && std::isfinite(run.flops_per_s);
}

}  // namespace

RunHistoryChart::RunHistoryChart(const Appearance& appearance, QWidget* parent)
    : ChartPage(appearance, tr("Time and rate over runs"), parent),
      shown_(add_choice(tr("Show"), {tr("Time and rate"), tr("Time"), tr("Rate")})),
      time_(new QtCharts::QScatterSeries),
      rate_(new QtCharts::QScatterSeries),
      marker_(new QtCharts::QScatterSeries),
      number_axis_(new QtCharts::QValueAxis),
      time_axis_(new QtCharts::QValueAxis),
      rate_axis_(new QtCharts::QValueAxis) {
    time_->setName(tr("Median time"));
    rate_->setName(tr("Rate"));
    chart().addSeries(time_);
    chart().addSeries(rate_);
    chart().addSeries(marker_);
    chart().addAxis(number_axis_, Qt::AlignBottom);
    chart().addAxis(time_axis_, Qt::AlignLeft);
    chart().addAxis(rate_axis_, Qt::AlignRight);
    time_->attachAxis(number_axis_);
    time_->attachAxis(time_axis_);
    rate_->attachAxis(number_axis_);
    rate_->attachAxis(rate_axis_);
    marker_->attachAxis(number_axis_);
    marker_->attachAxis(time_axis_);
    marker_->setMarkerSize(13);
    time_->setMarkerSize(8);
    rate_->setMarkerSize(7);
    rate_->setMarkerShape(QtCharts::QScatterSeries::MarkerShapeRectangle);
    number_axis_->setTitleText(tr("Run"));
    number_axis_->setLabelFormat(QStringLiteral("%d"));
    for (QtCharts::QValueAxis* axis : {number_axis_, time_axis_, rate_axis_}) {
        axis->setTickType(QtCharts::QValueAxis::TicksDynamic);
        axis->setTickAnchor(0);
    }
    rate_axis_->setGridLineVisible(false);
    connect(shown_, qOverload<int>(&QComboBox::currentIndexChanged), this, &RunHistoryChart::show_sides);
    set_runs({});
    recolour();
}

void RunHistoryChart::set_runs(std::vector<RunRow> runs, const QString& filter) {
    point_at(-1);  // at what is not there any more
    const bool some = !runs.empty();
    runs.erase(std::remove_if(runs.begin(), runs.end(), [](const RunRow& run) { return !has_figures(run); }),
               runs.end());
    std::sort(runs.begin(), runs.end(), [](const RunRow& a, const RunRow& b) { return a.run < b.run; });
    runs_ = std::move(runs);
    fill();
    set_empty(!runs_.empty()     ? QString()
              : some             ? tr("None of these runs has measured repetitions")
              : filter.isEmpty() ? tr("No runs yet")
                                 : tr("No run matches ‘%1’").arg(filter));
    set_title(filter.isEmpty() || runs_.empty() ? QString() : tr("Runs that match ‘%1’").arg(filter));
}

void RunHistoryChart::fill() {
    double longest_ns = 0;
    double fastest = 0;
    for (const RunRow& run : runs_) {
        longest_ns = std::max(longest_ns, run.median_ns);
        fastest = std::max(fastest, run.flops_per_s);
    }
    const AxisUnit time = duration_unit(longest_ns);
    const AxisUnit rate = rate_unit(fastest);
    time_divisor_ = time.divisor;
    rate_divisor_ = rate.divisor;
    fill_side(*time_, *time_axis_, &RunRow::median_ns, time.divisor, tr("Median time (%1)").arg(time.name));
    fill_side(*rate_, *rate_axis_, &RunRow::flops_per_s, rate.divisor, tr("Rate (%1)").arg(rate.name));
    const std::int64_t first = runs_.empty() ? 0 : runs_.front().run;
    const std::int64_t last = runs_.empty() ? 1 : runs_.back().run;
    number_axis_->setTickInterval(whole_step(last - first));
    const double margin = 0.5 + 0.015 * static_cast<double>(last - first);  // for the marks at the ends
    number_axis_->setRange(static_cast<double>(first) - margin, static_cast<double>(last) + margin);
    show_sides();
}

void RunHistoryChart::fill_side(QtCharts::QScatterSeries& series, QtCharts::QValueAxis& axis, double RunRow::*value,
                                double divisor, const QString& title) {
    QVector<QPointF> points;
    points.reserve(static_cast<int>(runs_.size()));
    double largest = 0;
    for (const RunRow& run : runs_) {
        points.append({static_cast<double>(run.run), run.*value / divisor});
        largest = std::max(largest, run.*value / divisor);
    }
    const bool single = runs_.size() <= most_single_points;
    series.replace(single ? points : point_bands(points, bands));
    const AxisEnd end = axis_end(largest);
    axis.setTickInterval(end.step);
    axis.setLabelFormat(QStringLiteral("%g"));
    axis.setRange(0, end.end);
    axis.setTitleText(title);
}

void RunHistoryChart::show_sides() {
    const bool time = shown_->currentIndex() != 2;
    const bool rate = shown_->currentIndex() != 1;
    time_->setVisible(time);
    time_axis_->setVisible(time);
    rate_->setVisible(rate);
    rate_axis_->setVisible(rate);
    rate_axis_->setGridLineVisible(!time);
    mark(pointed());
}

std::string RunHistoryChart::csv() const {
    std::string text = "run,uuid,name,median_ns,flops_per_s\r\n";
    for (const RunRow& run : runs_) {
        text += csv_field(run.run) + ',' + csv_field(run.uuid) + ',' + csv_field(run.name) + ',' +
                csv_field(run.median_ns) + ',' + csv_field(run.flops_per_s) + "\r\n";
    }
    return text;
}

void RunHistoryChart::recolour() {
    ChartPage::recolour();
    const Theme& theme = appearance().theme();
    const QColor time = to_qcolor(theme.few_ranks.at(0));
    const QColor rate = to_qcolor(theme.few_ranks.at(1));
    time_->setColor(time);
    rate_->setColor(rate);
    for (QtCharts::QScatterSeries* series : {time_, rate_}) {
        series->setBorderColor(Qt::transparent);
    }
    marker_->setColor(Qt::transparent);
    marker_->setBorderColor(to_qcolor(theme.foreground));
    // Titles stay in the colour of text, which is legible; a line in the colour of its series leads to its axis.
    time_axis_->setLinePenColor(time);
    rate_axis_->setLinePenColor(rate);
}

int RunHistoryChart::entry_at(QPointF position) const {
    if (runs_.empty() || !chart().plotArea().contains(position)) {
        return -1;
    }
    const double number = chart().mapToValue(position, time_).x();
    const auto after = std::lower_bound(runs_.begin(), runs_.end(), number,
                                        [](const RunRow& run, double x) { return static_cast<double>(run.run) < x; });
    const int next = static_cast<int>(after - runs_.begin());
    const auto distance = [&](int i) {
        return std::abs(static_cast<double>(runs_.at(static_cast<std::size_t>(i)).run) - number);
    };
    if (next == 0) {
        return 0;
    }
    return next == entries() || distance(next - 1) <= distance(next) ? next - 1 : next;
}

QString RunHistoryChart::text_of(int entry) const {
    const RunRow& run = runs_.at(static_cast<std::size_t>(entry));
    return tr("Run %1, %2: %3, %4")
        .arg(run.run)
        .arg(to_qstring(run.name).left(80), to_qstring(format_duration(static_cast<Nanoseconds>(run.median_ns))),
             to_qstring(format_flops_per_s(run.flops_per_s)));
}

void RunHistoryChart::mark(int entry) {
    marker_->setVisible(entry >= 0);
    // A series that is shown shows its place in the legend too.
    for (QtCharts::QLegendMarker* of_marker : chart().legend()->markers(marker_)) {
        of_marker->setVisible(false);
    }
    if (entry < 0) {
        return;
    }
    const RunRow& run = runs_.at(static_cast<std::size_t>(entry));
    const bool time = shown_->currentIndex() != 2;
    const double number = static_cast<double>(run.run);
    // The marker counts on the axis of time; a rate is put where it stands on its own axis.
    const double rate = run.flops_per_s / rate_divisor_ / rate_axis_->max() * time_axis_->max();
    QVector<QPointF> points;
    if (time) {
        points.append({number, run.median_ns / time_divisor_});
    }
    if (shown_->currentIndex() != 1) {
        points.append({number, rate});
    }
    marker_->replace(points);
}

void RunHistoryChart::open(int entry) {
    Q_EMIT run_activated(runs_.at(static_cast<std::size_t>(entry)).run);
}

}  // namespace longscope
