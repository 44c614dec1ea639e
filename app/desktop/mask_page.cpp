// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/mask_page.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <utility>

#include "app/desktop/comparison_bar.h"
#include "app/desktop/head_bar.h"
#include "app/desktop/look_bar.h"
#include "app/desktop/mask_csv.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/difference_regions.h"
#include "widgets/base/colours.h"
#include "widgets/base/display_painter.h"
#include "widgets/base/error_text.h"

namespace longscope {

namespace {

QString range_text(Range range) {
    return QStringLiteral("%1 - %2").arg(to_qstring(format_count(range.begin)),
                                         to_qstring(format_count(range.end - 1)));
}

}  // namespace

MaskPage::MaskPage(Evaluator& evaluator, const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      evaluator_(evaluator),
      comparison_(evaluator),
      look_bar_(new LookBar(this)),
      head_bar_(new HeadBar(this)),
      bar_(new ComparisonBar(comparison_, appearance, this)),
      canvas_(new MaskCanvas(appearance, this)),
      hover_(new QLabel(this)),
      summary_(new QLabel(this)),
      zoom_(new QLabel(this)),
      compare_(new QToolButton(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(look_bar_);
    column->addWidget(head_bar_);
    column->addWidget(bar_);
    column->addWidget(canvas_, 1);
    // Lines enough for all of it in a narrow window too; their room is kept.
    hover_->setContentsMargins(10, 0, 10, 0);
    hover_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    const auto lines = [this](int count) { return count * hover_->fontMetrics().lineSpacing() + 2; };
    hover_->setFixedHeight(lines(3));
    hover_->setWordWrap(true);
    hover_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    summary_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    summary_->setFixedHeight(lines(2));
    summary_->setWordWrap(true);
    summary_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    for (QLabel* label : {hover_, summary_, zoom_}) {
        label->setTextFormat(Qt::PlainText);
    }
    summary_->setAccessibleName(tr("Sum of the selected region"));
    summary_->setObjectName(QStringLiteral("selection_summary"));
    hover_->setAccessibleName(tr("Under the pointer"));
    hover_->setObjectName(QStringLiteral("under_pointer"));
    column->addSpacing(4);
    column->addWidget(hover_);
    // Its room is kept, so that the mask does not move when something is selected.
    auto* row = new QHBoxLayout;
    row->setContentsMargins(10, 0, 10, 4);
    row->setSpacing(18);
    compare_->setObjectName(QStringLiteral("compare_mask"));
    compare_->setText(tr("Compare mask"));
    compare_->setToolTip(tr("Show where this mask and another one differ"));
    compare_->setPopupMode(QToolButton::InstantPopup);
    compare_->setFocusPolicy(Qt::StrongFocus);
    row->addWidget(summary_, 1);
    row->addWidget(compare_, 0, Qt::AlignTop);
    row->addWidget(zoom_, 0, Qt::AlignTop);
    column->addLayout(row);
    canvas_->setObjectName(QStringLiteral("mask_canvas"));
    canvas_->set_empty_text(tr("Working out the mask..."));
    connect(&evaluator_, &Evaluator::finished, this, &MaskPage::show_newest);
    connect(&comparison_, &MaskComparison::changed, this, [this] {
        if (comparison_.active()) {
            end_look();
        } else {
            visited_.reset();
        }
        show_newest();
    });
    connect(bar_, &ComparisonBar::difference_wanted, this, &MaskPage::go_to_difference);
    connect(head_bar_, &HeadBar::head_changed, this, &MaskPage::show_newest);
    connect(look_bar_, &LookBar::end_wanted, this, &MaskPage::end_look);
    connect(look_bar_, &LookBar::compare_wanted, this, &MaskPage::compare_look_wanted);
    connect(canvas_, &MaskCanvas::hovered, hover_, &QLabel::setText);
    connect(canvas_, &MaskCanvas::selection_changed, this, &MaskPage::sum_up);
    connect(canvas_, &MaskCanvas::view_changed, this, &MaskPage::show_zoom);
    show_newest();
}

QString MaskPage::summary() const {
    return summary_->text();
}

void MaskPage::set_compare_menu(QMenu& menu) {
    compare_->setMenu(&menu);
}

void MaskPage::look_at(std::shared_ptr<const ShownMask> mask, const QString& what) {
    looked_at_ = std::move(mask);
    look_bar_->show_text(what);
    if (comparison_.active()) {
        comparison_.end();
    }
    show_newest();
    Q_EMIT look_changed();
}

void MaskPage::end_look() {
    if (looking()) {
        looked_at_.reset();
        look_bar_->show_text({});
        show_newest();
        Q_EMIT look_changed();
    }
}

void MaskPage::go_to_difference(bool forward) {
    const auto shown = comparison_.current();
    if (shown == nullptr || shown->difference->regions.empty()) {
        return;
    }
    const std::vector<Box>& regions = shown->difference->regions;
    const auto place = [](const Box& box) { return std::pair(box.q.begin, box.k.begin); };
    std::size_t next = forward ? 0 : regions.size() - 1;
    if (visited_) {
        const auto at = std::lower_bound(regions.begin(), regions.end(), *visited_,
                                         [&](const Box& a, const Box& b) { return place(a) < place(b); });
        // After an edit the place may be there no more.
        const bool there = at != regions.end() && place(*at) == place(*visited_);
        const auto index = static_cast<std::size_t>(at - regions.begin());
        next = (forward ? index + (there ? 1 : 0) : index + regions.size() - 1) % regions.size();
    }
    visited_ = regions[next];
    bar_->show_place(static_cast<std::int64_t>(next));
    place_job_.start(
        [shown, box = regions[next]](const std::atomic<bool>&) { return tight_region(*shown->difference->parts, box); },
        [this](const Box& box) { canvas_->go_to(box); },
        [this](const std::exception_ptr& error) { hover_->setText(error_text(error)); });
}

void MaskPage::show_head_of(const std::shared_ptr<const ShownMask>& shown) {
    head_bar_->show_masks(*shown->draw.masks, shown->draw.experiment.shape.query_heads);
    canvas_->show_mask(head_bar_->isHidden() ? shown : shown_head(shown, head_bar_->head()));
}

void MaskPage::show_newest() {
    if (looking()) {
        show_head_of(looked_at_);
        return;
    }
    if (comparison_.busy()) {
        return;  // what is there stays until the two have been compared
    }
    if (comparison_.current() != nullptr) {
        head_bar_->show_none();  // two masks are compared as they are for head 0
        canvas_->show_mask(comparison_.current());
    } else if (evaluator_.current() != nullptr) {
        show_head_of(evaluator_.current()->mask);
    } else if (!evaluator_.refusal().isEmpty()) {
        head_bar_->show_none();
        canvas_->set_empty_text(tr("There is no mask to show: %1").arg(evaluator_.refusal()));
        canvas_->show_mask(nullptr);
    }
}

void MaskPage::sum_up() {
    summary_->clear();
    const auto shown = canvas_->shown();
    const auto box = canvas_->selection();
    if (shown == nullptr || !box) {
        job_.cancel();
        return;
    }
    job_.start(
        [shown, box](const std::atomic<bool>&) {
            Sum sum{shown->draw.mask->pairs_in(*box)};
            const HeadMasks& masks = *shown->draw.masks;
            const std::vector<std::int64_t> heads = masks.heads_of_kinds({0, shown->draw.experiment.shape.query_heads});
            for (std::size_t kind = 0; kind < heads.size(); ++kind) {
                sum.head_pairs += heads[kind] * masks.kind(static_cast<std::int64_t>(kind)).pairs_in(*box);
            }
            if (shown->difference != nullptr) {
                const MaskDifference& parts = *shown->difference->parts;
                sum.only_here = parts.only_a->pairs_in(*box);
                sum.only_there = parts.only_b->pairs_in(*box);
                sum.both = parts.both->pairs_in(*box);
            }
            return sum;
        },
        [this, shown, box](const Sum& sum) { summary_->setText(text_of(*shown, *box, sum)); },
        [this](const std::exception_ptr& error) { summary_->setText(error_text(error)); });
}

QString MaskPage::text_of(const ShownMask& shown, const Box& box, const Sum& sum) {
    const auto count = [](std::int64_t value) { return to_qstring(format_count(value)); };
    const QString region = tr("queries %1, keys %2").arg(range_text(box.q), range_text(box.k));
    if (shown.difference != nullptr) {
        return tr("%1 pairs only here, %2 only in %3, %4 in both, in %5")
            .arg(count(sum.only_here), count(sum.only_there), shown.difference->name, count(sum.both), region);
    }
    const double share = static_cast<double>(sum.pairs) / static_cast<double>(std::max<std::int64_t>(1, box.pairs()));
    const double flops =
        flops_of_head_pairs(shown.draw.experiment.shape, static_cast<double>(sum.head_pairs), Direction::forward);
    const QString text = shown.draw.masks->same_for_all() ? tr("%1 pairs (%2), %3FLOP in %4")
                                                          : tr("%1 pairs of this head (%2), %3FLOP of all in %4");
    return text.arg(count(sum.pairs), to_qstring(format_percent(share)), to_qstring(format_short_count(flops)), region);
}

void MaskPage::show_zoom() {
    const double tokens = canvas_->viewport().tokens_per_pixel();
    zoom_->setText(tokens >= 1 ? tr("1 pixel = %1 tokens").arg(to_qstring(format_count(std::llround(tokens))))
                               : tr("1 token = %1 pixels").arg(1 / tokens, 0, 'f', 1));
}

std::function<std::string()> MaskPage::csv_maker() const {
    const auto shown = canvas_->shown();
    if (shown == nullptr) {
        throw failed("there is no mask to export");
    }
    return [shown, box = canvas_->selection().value_or(canvas_->viewport().visible())] {
        return densities_as_csv(*shown, box);
    };
}

void MaskPage::copy_picture(double width) {
    if (canvas_->shown() == nullptr) {
        throw failed("there is no mask to copy");
    }
    copy_job_.start([make = canvas_->picture_maker(width)](const std::atomic<bool>&) { return make(); },
                    [](const DisplayList& list) {
                        constexpr int scale = 2;  // sharp on dense screens and in print
                        QImage image((QSizeF(list.width, list.height) * scale).toSize(), QImage::Format_RGB32);
                        QPainter painter(&image);
                        painter.scale(scale, scale);
                        paint(painter, list);
                        painter.end();
                        QGuiApplication::clipboard()->setImage(image);
                    },
                    [this](const std::exception_ptr& error) { hover_->setText(error_text(error)); });
}

}  // namespace longscope
