// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/rank_bars.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

#include "engine/base/units.h"
#include "widgets/base/colours.h"

namespace longscope {

RankBars::RankBars(const Appearance& appearance, QWidget* parent) : QWidget(parent), appearance_(appearance) {
    setAccessibleName(tr("Work per rank"));
    connect(&appearance_, &Appearance::changed, this, [this] { update(); });
}

void RankBars::show_cost(const ExperimentCost& cost) {
    ranks_ = cost.ranks;
    setAccessibleDescription(
        tr("%n rank(s); the busiest has %1 times the mean", nullptr, static_cast<int>(ranks_.size()))
            .arg(cost.largest_over_mean(), 0, 'f', 3));
    update();
}

int RankBars::rank_at(double x) const {
    const auto count = static_cast<double>(ranks_.size());
    return std::clamp(static_cast<int>(x / width() * count), 0, static_cast<int>(ranks_.size()) - 1);
}

void RankBars::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    const Theme& theme = appearance_.theme();
    painter.fillRect(rect(), to_qcolor(theme.background));
    std::int64_t most = 0;
    double sum = 0;
    for (const RankCost& rank : ranks_) {
        most = std::max(most, rank.pairs);
        sum += static_cast<double>(rank.pairs);
    }
    if (most == 0) {
        return;
    }
    if (!isEnabled()) {
        painter.setOpacity(0.35);
    }
    const auto count = static_cast<double>(ranks_.size());
    const double gap = width() / count >= 4 ? 1 : 0;
    const double room = height() - 6;
    const auto height_of = [&](double pairs) { return room * pairs / static_cast<double>(most); };
    // With more ranks than pixels, each pixel is the busiest rank of its share.
    const std::size_t bars = std::min(ranks_.size(), static_cast<std::size_t>(std::max(1, width())));
    const double wide = width() / static_cast<double>(bars);
    for (std::size_t i = 0; i < bars; ++i) {
        const auto begin = ranks_.begin() + static_cast<std::ptrdiff_t>(i * ranks_.size() / bars);
        const auto end = ranks_.begin() + static_cast<std::ptrdiff_t>((i + 1) * ranks_.size() / bars);
        const auto busiest =
            std::max_element(begin, end, [](const RankCost& a, const RankCost& b) { return a.pairs < b.pairs; });
        const double tall = height_of(static_cast<double>(busiest->pairs));
        painter.fillRect(QRectF(static_cast<double>(i) * wide, height() - tall, wide - gap, tall),
                         to_qcolor(theme.rank(busiest - ranks_.begin(), static_cast<std::int64_t>(ranks_.size()))));
    }
    const double mean = height() - height_of(sum / count);
    painter.setPen(QPen(to_qcolor(theme.foreground), 1, Qt::DashLine));
    painter.drawLine(QPointF(0, mean), QPointF(width(), mean));
}

bool RankBars::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip && !ranks_.empty()) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int rank = rank_at(help->pos().x());
        const RankCost& cost = ranks_[static_cast<std::size_t>(rank)];
        QToolTip::showText(
            help->globalPos(),
            tr("rank %1: %2 tokens, %3 pairs, receives %4, needs %5")
                .arg(rank)
                .arg(to_qstring(format_count(cost.tokens)), to_qstring(format_count(cost.pairs)),
                     to_qstring(format_bytes(cost.bytes_received)), to_qstring(format_bytes(cost.memory_bytes))),
            this);
        return true;
    }
    return QWidget::event(event);
}

}  // namespace longscope
