// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/timeline_page.h"

#include <QVBoxLayout>

#include "widgets/base/elided_label.h"

namespace longscope {

TimelinePage::TimelinePage(const Appearance& appearance, QWidget* parent)
    : QWidget(parent), view_(new TimelineView(appearance, this)), caption_(new ElidedLabel(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    caption_->setContentsMargins(10, 4, 10, 4);
    caption_->setAccessibleName(tr("What this timeline is of"));
    caption_->hide();
    column->addWidget(caption_);
    column->addWidget(view_, 1);
    view_->setObjectName(QStringLiteral("timeline"));
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
