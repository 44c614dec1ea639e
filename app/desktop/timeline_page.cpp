// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/timeline_page.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

namespace longscope {

TimelinePage::TimelinePage(const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      view_(new TimelineView(appearance, this)),
      caption_(new QLabel(this)),
      hover_(new QLabel(this)),
      summary_(new QLabel(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    for (QLabel* label : {caption_, hover_, summary_}) {
        label->setTextFormat(Qt::PlainText);
        label->setContentsMargins(10, 4, 10, 4);
    }
    caption_->hide();
    column->addWidget(caption_);
    column->addWidget(view_, 1);
    hover_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    hover_->setAccessibleName(tr("Under the pointer"));
    summary_->setAccessibleName(tr("Sum of the selected time"));
    summary_->setWordWrap(true);
    summary_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    summary_->hide();
    column->addWidget(hover_);
    column->addWidget(summary_);
    view_->setObjectName(QStringLiteral("timeline"));
    connect(view_, &TimelineView::hovered, hover_, &QLabel::setText);
    connect(view_, &TimelineView::summary_changed, this, [this](const QStringList& lines) {
        summary_->setText(lines.join(QStringLiteral("   |   ")));
        summary_->setVisible(!lines.isEmpty());
    });
}

void TimelinePage::show_trace(std::shared_ptr<const Trace> trace, const std::vector<RankShares>& shares,
                              const QString& caption) {
    has_trace_ = trace != nullptr && !trace->events.empty();
    caption_->setText(caption);
    caption_->setVisible(has_trace_);
    view_->set_title(caption);
    if (has_trace_) {
        view_->set_trace(std::move(trace), shares);
    } else {
        view_->clear();
    }
}

QString TimelinePage::caption() const {
    return caption_->text();
}

}  // namespace longscope
