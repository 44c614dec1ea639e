// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/comparison_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPixmap>
#include <QPushButton>
#include <QVBoxLayout>

#include "engine/base/units.h"
#include "engine/draw/difference_grid.h"
#include "engine/mask/difference_rows.h"
#include "widgets/base/colours.h"
#include "widgets/base/elided_label.h"

namespace longscope {

namespace {

constexpr std::size_t rows_told = 5;
constexpr int swatch_size = 12;

QString count_text(std::int64_t value) {
    return to_qstring(format_count(value));
}

QPixmap swatch_of(Colour colour, Colour frame, double ratio) {
    QPixmap pixmap(QSize(swatch_size, swatch_size) * ratio);
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(to_qcolor(colour));
    QPainter painter(&pixmap);
    painter.setPen(to_qcolor(frame));
    painter.drawRect(0, 0, swatch_size - 1, swatch_size - 1);
    return pixmap;
}

}  // namespace

ComparisonBar::ComparisonBar(MaskComparison& comparison, const Appearance& appearance, QWidget* parent)
    : QFrame(parent), comparison_(comparison), appearance_(appearance), rows_(new ElidedLabel(this)) {
    setObjectName(QStringLiteral("comparison_bar"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 4, 6, 2);
    column->setSpacing(2);
    auto* counts = new QHBoxLayout;
    counts->setSpacing(6);
    here_ = add_count(*counts);
    there_ = add_count(*counts);
    both_ = add_count(*counts);
    mixed_ = add_count(*counts);
    counts->addStretch(1);
    auto* end = new QPushButton(tr("End comparison"), this);
    end->setObjectName(QStringLiteral("end_comparison"));
    end->setToolTip(tr("Show the mask of this experiment alone again"));
    connect(end, &QPushButton::clicked, &comparison_, &MaskComparison::end);
    counts->addWidget(end);
    column->addLayout(counts);
    rows_->setObjectName(QStringLiteral("differing_rows"));
    rows_->setAccessibleName(tr("Queries that see other keys"));
    rows_->setTextFormat(Qt::PlainText);
    column->addWidget(rows_);
    mixed_.text->setText(tr("both kinds under one pixel"));
    connect(&comparison_, &MaskComparison::changed, this, &ComparisonBar::refresh);
    connect(&appearance_, &Appearance::changed, this, &ComparisonBar::paint_swatches);
    paint_swatches();
    refresh();
}

ComparisonBar::Count ComparisonBar::add_count(QLayout& row) {
    const Count count{new QLabel(this), new QLabel(this)};
    count.text->setTextFormat(Qt::PlainText);
    count.text->setContentsMargins(0, 0, 10, 0);
    row.addWidget(count.swatch);
    row.addWidget(count.text);
    return count;
}

void ComparisonBar::paint_swatches() {
    const Theme& theme = appearance_.theme();
    const std::array<Colour, 3> colours = difference_colours(theme);
    const double ratio = devicePixelRatioF();
    here_.swatch->setPixmap(swatch_of(colours[0], theme.grid, ratio));
    there_.swatch->setPixmap(swatch_of(colours[1], theme.grid, ratio));
    mixed_.swatch->setPixmap(swatch_of(colours[2], theme.grid, ratio));
    both_.swatch->setPixmap(swatch_of(agreement_ramp(theme).back(), theme.grid, ratio));
}

void ComparisonBar::refresh() {
    setVisible(comparison_.active());
    const bool known = comparison_.current() != nullptr;
    for (const Count& count : {here_, there_, both_, mixed_}) {
        count.swatch->setVisible(known);
        count.text->setVisible(known);
    }
    if (known) {
        tell(*comparison_.current()->difference, *comparison_.current()->draw.mask);
    } else if (!comparison_.refusal().isEmpty()) {
        rows_->setText(tr("Not compared with %1: %2").arg(comparison_.name(), comparison_.refusal()));
    } else {
        rows_->setText(tr("Comparing with %1...").arg(comparison_.name()));
    }
}

void ComparisonBar::tell(const ShownDifference& difference, const Mask& mask) {
    here_.text->setText(tr("only here: %1").arg(count_text(difference.only_here)));
    constexpr int name_pixels = 220;
    const QString name = fontMetrics().elidedText(difference.name, Qt::ElideMiddle, name_pixels);
    there_.text->setText(tr("only in %1: %2").arg(name, count_text(difference.only_there)));
    both_.text->setText(tr("in both: %1").arg(count_text(difference.both)));
    if (difference.parts->equal()) {
        rows_->setText(tr("The two masks are equal."));
        return;
    }
    QStringList told{tr("%1 of %2 queries see other keys")
                         .arg(count_text(count_differing_rows(*difference.parts)), count_text(mask.query_tokens()))};
    for (const std::int64_t row : first_differing_rows(*difference.parts, rows_told)) {
        told << tr("query %1: here %2, there %3")
                    .arg(count_text(row), to_qstring(keys_text(mask, row)),
                         to_qstring(keys_text(*difference.other, row)));
    }
    rows_->setText(told.join(QStringLiteral("; ")));
}

QString ComparisonBar::text() const {
    QStringList lines;
    for (const Count& count : {here_, there_, both_}) {
        if (!count.text->isHidden()) {
            lines << count.text->text();
        }
    }
    lines << rows_->text();
    return lines.join(QLatin1Char('\n'));
}

}  // namespace longscope
