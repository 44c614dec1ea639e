// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/comparison_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTextDocumentFragment>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/base/units.h"
#include "engine/draw/difference_grid.h"
#include "engine/mask/difference_rows.h"
#include "widgets/base/colours.h"
#include "widgets/base/elided_label.h"

namespace longscope {

namespace {

constexpr std::size_t rows_told = 5;

QString count_text(std::int64_t value) {
    return to_qstring(format_count(value));
}

// A square in a colour, and words that stay in one line.
QString item_html(Colour colour, const QString& words) {
    return QStringLiteral("<span style=\"color:%1\">\u25a0</span>&nbsp;%2")
        .arg(to_qcolor(colour).name(), words.toHtmlEscaped().replace(QLatin1Char(' '), QStringLiteral("&nbsp;")));
}

QString rows_text(const ShownDifference& difference, const Mask& mask) {
    if (difference.parts->equal()) {
        return ComparisonBar::tr("The two masks are equal.");
    }
    QStringList told{ComparisonBar::tr("%1 of %2 queries see other keys")
                         .arg(count_text(count_differing_rows(*difference.parts)), count_text(mask.query_tokens()))};
    for (const std::int64_t row : first_differing_rows(*difference.parts, rows_told)) {
        told << ComparisonBar::tr("query %1: here %2, there %3")
                    .arg(count_text(row), to_qstring(keys_text(mask, row)),
                         to_qstring(keys_text(*difference.other, row)));
    }
    return told.join(QStringLiteral("; "));
}

}  // namespace

ComparisonBar::ComparisonBar(MaskComparison& comparison, const Appearance& appearance, QWidget* parent)
    : QFrame(parent),
      comparison_(comparison),
      appearance_(appearance),
      counts_(new QLabel(this)),
      place_(new QLabel(this)),
      before_(new QToolButton(this)),
      next_(new QToolButton(this)),
      rows_(new ElidedLabel(this)) {
    setObjectName(QStringLiteral("comparison_bar"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 4, 6, 2);
    column->setSpacing(2);
    auto* first = new QHBoxLayout;
    counts_->setObjectName(QStringLiteral("difference_counts"));
    counts_->setTextFormat(Qt::RichText);
    counts_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    counts_->setWordWrap(true);
    QSizePolicy as_high_as_its_lines(QSizePolicy::Ignored, QSizePolicy::Preferred);
    as_high_as_its_lines.setHeightForWidth(true);
    counts_->setSizePolicy(as_high_as_its_lines);
    counts_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    first->addWidget(counts_, 1);
    auto* end = new QPushButton(tr("End comparison"), this);
    end->setObjectName(QStringLiteral("end_comparison"));
    end->setToolTip(tr("Show the mask of this experiment alone again"));
    connect(end, &QPushButton::clicked, &comparison_, &MaskComparison::end);
    first->addWidget(end, 0, Qt::AlignTop);
    column->addLayout(first);
    rows_->setObjectName(QStringLiteral("differing_rows"));
    auto* second = new QHBoxLayout;
    second->addWidget(rows_, 1);
    place_->setObjectName(QStringLiteral("difference_place"));
    second->addWidget(place_);
    for (QToolButton* button : {before_, next_}) {
        const bool forward = button == next_;
        button->setObjectName(forward ? QStringLiteral("next_difference") : QStringLiteral("previous_difference"));
        button->setArrowType(forward ? Qt::DownArrow : Qt::UpArrow);
        button->setAutoRaise(true);
        button->setAccessibleName(forward ? tr("Next difference") : tr("Previous difference"));
        button->setToolTip(forward ? tr("To the next place where the masks differ (F7)")
                                   : tr("To the place before where the masks differ (Shift+F7)"));
        button->setFocusPolicy(Qt::StrongFocus);
        connect(button, &QToolButton::clicked, this, [this, forward] { Q_EMIT difference_wanted(forward); });
        second->addWidget(button);
    }
    column->addLayout(second);
    connect(&comparison_, &MaskComparison::changed, this, &ComparisonBar::refresh);
    connect(&appearance_, &Appearance::changed, this, &ComparisonBar::refresh);
    refresh();
}

void ComparisonBar::refresh() {
    setVisible(comparison_.active());
    counts_->clear();
    place_->clear();
    const bool differ = comparison_.current() != nullptr && !comparison_.current()->difference->regions.empty();
    before_->setEnabled(differ);
    next_->setEnabled(differ);
    if (const auto& shown = comparison_.current()) {
        counts_->setText(counts_html(*shown->difference));
        if (differ) {
            const std::size_t places = shown->difference->regions.size();
            place_->setText(places == 1 ? tr("1 place") : tr("%1 places").arg(places));
        }
        rows_->setText(rows_text(*shown->difference, *shown->draw.mask));
    } else if (!comparison_.refusal().isEmpty()) {
        rows_->setText(tr("Not compared with %1: %2").arg(comparison_.name(), comparison_.refusal()));
    } else {
        rows_->setText(tr("Comparing with %1...").arg(comparison_.name()));
    }
}

void ComparisonBar::show_place(std::int64_t place) {
    if (const auto& shown = comparison_.current()) {
        place_->setText(tr("place %1 of %2").arg(place + 1).arg(shown->difference->regions.size()));
    }
}

QString ComparisonBar::counts_html(const ShownDifference& difference) const {
    const Theme& theme = appearance_.theme();
    const std::array<Colour, 3> colours = difference_colours(theme);
    constexpr int name_pixels = 170;
    const QString name = fontMetrics().elidedText(difference.name, Qt::ElideMiddle, name_pixels);
    return QStringList{item_html(colours[0], tr("only here: %1").arg(count_text(difference.only_here))),
                       item_html(colours[1], tr("only in %1: %2").arg(name, count_text(difference.only_there))),
                       item_html(colours[2], tr("both kinds in one pixel")),
                       item_html(agreement_ramp(theme).back(), tr("in both: %1").arg(count_text(difference.both)))}
        .join(QStringLiteral(" &nbsp; "));
}

QString ComparisonBar::text() const {
    QString counts = QTextDocumentFragment::fromHtml(counts_->text()).toPlainText();
    counts.replace(QChar::Nbsp, QLatin1Char(' '));
    return counts.isEmpty() ? rows_->text() : counts + QLatin1Char('\n') + rows_->text();
}

}  // namespace longscope
