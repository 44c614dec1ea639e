// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/charts/rank_chart.h"

#include <QLegendMarker>
#include <algorithm>
#include <cmath>

#include "engine/base/units.h"
#include "storage/csv_field.h"
#include "widgets/base/colours.h"
#include "widgets/charts/axis_unit.h"

namespace longscope {

namespace {

constexpr std::size_t most_bars = 128;

// Parts of a bar from below, by quantity; only times have several.
std::vector<double> parts_of(const RankResult& rank, RankChart::Quantity quantity) {
    switch (quantity) {
        case RankChart::Quantity::time:
            return {static_cast<double>(rank.computing_ns), static_cast<double>(rank.exposed_communication_ns),
                    static_cast<double>(rank.waiting_ns), static_cast<double>(rank.other_ns)};
        case RankChart::Quantity::pairs:
            return {static_cast<double>(rank.pairs)};
        case RankChart::Quantity::bytes_received:
            return {static_cast<double>(rank.bytes_received)};
        case RankChart::Quantity::memory:
            return {static_cast<double>(rank.peak_memory_bytes)};
    }
    return {};
}

double sum_of(const std::vector<double>& parts) {
    double sum = 0;
    for (const double part : parts) {
        sum += part;
    }
    return sum;
}

AxisUnit unit_of(RankChart::Quantity quantity, double largest) {
    switch (quantity) {
        case RankChart::Quantity::time:
            return duration_unit(largest);
        case RankChart::Quantity::pairs:
            return count_unit(largest);
        case RankChart::Quantity::bytes_received:
        case RankChart::Quantity::memory:
            break;
    }
    return bytes_unit(largest);
}

QString duration_text(Nanoseconds duration_ns) {
    return to_qstring(format_duration(duration_ns));
}

}  // namespace

RankChart::RankChart(const Appearance& appearance, QWidget* parent)
    : ChartPage(appearance, tr("Work and waiting of each rank"), parent),
      choice_(
          add_choice(tr("Show"), {tr("Time"), tr("Pairs of query and key"), tr("Bytes received"), tr("Peak memory")})),
      series_(new QtCharts::QStackedBarSeries),
      rank_axis_(new QtCharts::QValueAxis),
      value_axis_(new QtCharts::QValueAxis) {
    for (QtCharts::QBarSet*& set : sets_) {
        set = new QtCharts::QBarSet(QString());
        series_->append(set);
    }
    chart().addSeries(series_);
    chart().addAxis(rank_axis_, Qt::AlignBottom);
    chart().addAxis(value_axis_, Qt::AlignLeft);
    series_->attachAxis(rank_axis_);
    series_->attachAxis(value_axis_);
    rank_axis_->setGridLineVisible(false);
    rank_axis_->setLabelFormat(QStringLiteral("%d"));
    value_axis_->setLabelFormat(QStringLiteral("%g"));
    for (QtCharts::QValueAxis* axis : {rank_axis_, value_axis_}) {
        axis->setTickType(QtCharts::QValueAxis::TicksDynamic);
        axis->setTickAnchor(0);
    }
    connect(choice_, qOverload<int>(&QComboBox::currentIndexChanged), this, [this] {
        fill();
        recolour();
    });
    set_ranks({});
}

void RankChart::set_ranks(std::vector<RankResult> ranks, const QString& caption) {
    point_at(-1);  // at what is not there any more
    std::sort(ranks.begin(), ranks.end(), [](const RankResult& a, const RankResult& b) { return a.rank < b.rank; });
    ranks_ = std::move(ranks);
    caption_ = caption;
    fill();
    recolour();
    set_empty(ranks_.empty() ? tr("Open a run with measured repetitions to see what its ranks did") : QString());
}

void RankChart::show_quantity(Quantity quantity) {
    choice_->setCurrentIndex(static_cast<int>(quantity));
}

std::size_t RankChart::ranks_a_bar() const {
    return std::max<std::size_t>(1, (ranks_.size() + most_bars - 1) / most_bars);
}

void RankChart::fill() {
    double largest = 0;
    double most_work = 0;
    double all_work = 0;
    for (const RankResult& rank : ranks_) {
        const double whole = sum_of(parts_of(rank, quantity()));
        largest = std::max(largest, whole);
        // Ranks that wait for each other take equally long: of times, computing tells how even the work is.
        const double work = parts_of(rank, quantity()).front();
        most_work = std::max(most_work, work);
        all_work += work;
    }
    const AxisUnit unit = unit_of(quantity(), largest);
    const std::size_t group = ranks_a_bar();
    std::array<QList<qreal>, 4> bars;
    for (std::size_t first = 0; first < ranks_.size(); first += group) {
        const std::size_t end = std::min(first + group, ranks_.size());
        std::array<double, 4> means{};
        for (std::size_t i = first; i < end; ++i) {
            const std::vector<double> parts = parts_of(ranks_[i], quantity());
            for (std::size_t part = 0; part < parts.size(); ++part) {
                means.at(part) += parts[part] / static_cast<double>(end - first);
            }
        }
        for (std::size_t part = 0; part < means.size(); ++part) {
            bars.at(part).append(means.at(part) / unit.divisor);
        }
    }
    const bool time = quantity() == Quantity::time;
    const std::array<QString, 4> names{time ? tr("Computing") : choice_->currentText(), tr("Exposed communication"),
                                       tr("Waiting"), tr("Other")};
    for (std::size_t i = 0; i < sets_.size(); ++i) {
        sets_.at(i)->setLabel(names.at(i));
        sets_.at(i)->remove(0, sets_.at(i)->count());
        sets_.at(i)->append(bars.at(i));
    }
    series_->setBarWidth(ranks_.size() > 32 ? 1.0 : 0.7);
    for (QtCharts::QLegendMarker* marker : chart().legend()->markers(series_)) {
        marker->setVisible(time);
    }
    const AxisEnd end = axis_end(largest / unit.divisor);
    value_axis_->setTickInterval(end.step);
    value_axis_->setRange(0, end.end);
    value_axis_->setTitleText(unit.name.isEmpty() ? choice_->currentText()
                                                  : tr("%1 (%2)").arg(choice_->currentText(), unit.name));
    const int count = static_cast<int>(bars[0].size());
    rank_axis_->setTickInterval(whole_step(count));
    rank_axis_->setRange(-0.5, std::max(count, 1) - 0.5);
    rank_axis_->setTitleText(group == 1 ? tr("Rank") : tr("Group of %1 ranks, their mean").arg(group));
    const double mean = ranks_.empty() ? 0 : all_work / static_cast<double>(ranks_.size());
    const QString balance =
        mean > 0 ? tr("%1: max / mean %2").arg(names[0]).arg(most_work / mean, 0, 'f', 2) : QString();
    set_title(caption_.isEmpty() || balance.isEmpty() ? caption_ + balance : tr("%1 – %2").arg(caption_, balance));
}

std::string RankChart::csv() const {
    std::string text =
        "rank,tokens,pairs,computing_ns,exposed_communication_ns,waiting_ns,other_ns,bytes_sent,bytes_received,"
        "peak_memory_bytes\r\n";
    for (const RankResult& rank : ranks_) {
        for (const std::int64_t value :
             {rank.rank, rank.tokens, rank.pairs, rank.computing_ns, rank.exposed_communication_ns, rank.waiting_ns,
              rank.other_ns, rank.bytes_sent, rank.bytes_received}) {
            text += csv_field(value) + ',';
        }
        text += csv_field(rank.peak_memory_bytes) + "\r\n";
    }
    return text;
}

void RankChart::recolour() {
    ChartPage::recolour();
    const Theme& theme = appearance().theme();
    const std::array<Colour, 4> colours{theme.category(Category::attend), theme.category(Category::receive),
                                        theme.category(Category::wait), theme.muted};
    for (std::size_t i = 0; i < sets_.size(); ++i) {
        sets_.at(i)->setColor(to_qcolor(colours.at(i)));
        const bool wide = ranks_.size() <= 32;
        sets_.at(i)->setPen(wide ? QPen(to_qcolor(theme.background)) : QPen(Qt::NoPen));
    }
    flatten_legend();
}

int RankChart::entry_at(QPointF position) const {
    if (ranks_.empty() || !chart().plotArea().contains(position)) {
        return -1;
    }
    const int bar = static_cast<int>(std::lround(chart().mapToValue(position, series_).x()));
    return std::clamp(bar * static_cast<int>(ranks_a_bar()), 0, entries() - 1);
}

QString RankChart::text_of(int entry) const {
    const RankResult& rank = ranks_.at(static_cast<std::size_t>(entry));
    return tr("Rank %1: computing %2, exposed communication %3, waiting %4, other %5; %6 pairs, %7 received, %8 peak")
        .arg(rank.rank)
        .arg(duration_text(rank.computing_ns), duration_text(rank.exposed_communication_ns),
             duration_text(rank.waiting_ns), duration_text(rank.other_ns), to_qstring(format_count(rank.pairs)),
             to_qstring(format_bytes(rank.bytes_received)), to_qstring(format_bytes(rank.peak_memory_bytes)));
}

void RankChart::mark(int /*entry*/) {}

}  // namespace longscope
