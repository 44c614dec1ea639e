// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/mask_page.h"

#include <fmt/format.h>

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/draw/density_grid.h"
#include "widgets/base/colours.h"
#include "widgets/base/display_painter.h"
#include "widgets/base/error_text.h"

namespace longscope {

namespace {

constexpr std::int64_t exported_cells = 256;  // along either side, at most

QString range_text(Range range) {
    return QStringLiteral("%1 - %2").arg(to_qstring(format_count(range.begin)),
                                         to_qstring(format_count(range.end - 1)));
}

std::string densities_text(const Mask& mask, const Box& box) {
    const DensityGrid grid = density_grid(mask, box, static_cast<std::int32_t>(std::min(box.q.size(), exported_cells)),
                                          static_cast<std::int32_t>(std::min(box.k.size(), exported_cells)));
    std::string text = "query_begin,query_end,key_begin,key_end,density\n";
    for (std::size_t row = 0; row + 1 < grid.q_edges.size(); ++row) {
        for (std::size_t column = 0; column + 1 < grid.k_edges.size(); ++column) {
            text += fmt::format("{},{},{},{},{}\n", grid.q_edges[row], grid.q_edges[row + 1], grid.k_edges[column],
                                grid.k_edges[column + 1],
                                grid.values[row * static_cast<std::size_t>(grid.columns()) + column]);
        }
    }
    return text;
}

}  // namespace

MaskPage::MaskPage(Evaluator& evaluator, const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      evaluator_(evaluator),
      canvas_(new MaskCanvas(appearance, this)),
      hover_(new QLabel(this)),
      summary_(new QLabel(this)),
      zoom_(new QLabel(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
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
    row->addWidget(summary_, 1);
    row->addWidget(zoom_, 0, Qt::AlignTop);
    column->addLayout(row);
    canvas_->setObjectName(QStringLiteral("mask_canvas"));
    canvas_->set_empty_text(tr("Working out the mask..."));
    connect(&evaluator_, &Evaluator::finished, this, &MaskPage::show_evaluation);
    connect(canvas_, &MaskCanvas::hovered, hover_, &QLabel::setText);
    connect(canvas_, &MaskCanvas::selection_changed, this, &MaskPage::sum_up);
    connect(canvas_, &MaskCanvas::view_changed, this, &MaskPage::show_zoom);
    show_evaluation();
}

QString MaskPage::summary() const {
    return summary_->text();
}

void MaskPage::show_evaluation() {
    if (evaluator_.current() != nullptr) {
        canvas_->show_mask(evaluator_.current()->mask);
    } else if (!evaluator_.refusal().isEmpty()) {
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
        [shown, box](const std::atomic<bool>&) { return shown->draw.mask->pairs_in(*box); },
        [this, shown, box](std::int64_t pairs) {
            const double share =
                static_cast<double>(pairs) / static_cast<double>(std::max<std::int64_t>(1, box->pairs()));
            const double flops = forward_flops(shown->draw.experiment.shape, pairs);
            summary_->setText(tr("%1 pairs (%2), %3FLOP in queries %4, keys %5")
                                  .arg(to_qstring(format_count(pairs)), to_qstring(format_percent(share)),
                                       to_qstring(format_short_count(flops)), range_text(box->q), range_text(box->k)));
        },
        [this](const std::exception_ptr& error) { summary_->setText(error_text(error)); });
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
        return densities_text(*shown->draw.mask, box);
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
