// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/head_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>

#include "engine/mask/head_choice.h"
#include "widgets/base/colours.h"
#include "widgets/base/elided_label.h"

namespace longscope {

namespace {

std::vector<Range> heads_of_kind(const HeadMasks& masks, std::int64_t heads, std::int64_t kind) {
    std::vector<Range> found;
    for (std::int64_t head = 0; head < heads; ++head) {
        if (masks.kind_of(head) != kind) {
            continue;
        }
        if (!found.empty() && found.back().end == head) {
            ++found.back().end;
        } else {
            found.push_back({head, head + 1});
        }
    }
    return found;
}

}  // namespace

HeadBar::HeadBar(QWidget* parent) : QFrame(parent), head_(new QSpinBox(this)), label_(new ElidedLabel(this)) {
    setObjectName(QStringLiteral("head_bar"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(10, 4, 6, 2);
    auto* name = new QLabel(tr("&Head"), this);
    name->setBuddy(head_);
    row->addWidget(name);
    head_->setObjectName(QStringLiteral("shown_head"));
    head_->setAccessibleName(tr("Query head whose mask is shown"));
    head_->setToolTip(tr("This mask differs between heads: the query head whose mask is shown, from 0"));
    row->addWidget(head_);
    label_->setObjectName(QStringLiteral("heads_alike"));
    label_->setAccessibleName(tr("Heads with the mask that is shown"));
    row->addWidget(label_, 1);
    connect(head_, qOverload<int>(&QSpinBox::valueChanged), this, &HeadBar::head_changed);
    hide();
}

void HeadBar::show_masks(const HeadMasks& masks, std::int64_t heads) {
    if (masks.same_for_all()) {
        show_none();
        return;
    }
    {
        const QSignalBlocker blocker(head_);
        head_->setRange(0, static_cast<int>(heads - 1));
    }
    label_->setText(tr("one of %1 different masks, that of heads %2")
                        .arg(masks.kinds())
                        .arg(to_qstring(numbers_text(heads_of_kind(masks, heads, masks.kind_of(head()))))));
    show();
}

void HeadBar::show_none() {
    hide();
}

std::int64_t HeadBar::head() const {
    return head_->value();
}

}  // namespace longscope
