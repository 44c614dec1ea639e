// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/look_bar.h"

#include <QHBoxLayout>
#include <QPushButton>

#include "widgets/base/elided_label.h"

namespace longscope {

LookBar::LookBar(QWidget* parent) : QFrame(parent), label_(new ElidedLabel(this)) {
    setObjectName(QStringLiteral("look_bar"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(10, 4, 6, 2);
    label_->setObjectName(QStringLiteral("looked_at"));
    label_->setAccessibleName(tr("What this mask is of"));
    row->addWidget(label_, 1);
    auto* compare = new QPushButton(tr("Compare with the experiment's"), this);
    compare->setObjectName(QStringLiteral("compare_looked_at"));
    compare->setToolTip(tr("Show where the mask of the experiment and that of this run differ"));
    connect(compare, &QPushButton::clicked, this, &LookBar::compare_wanted);
    row->addWidget(compare);
    auto* end = new QPushButton(tr("Back to the experiment's"), this);
    end->setObjectName(QStringLiteral("end_look"));
    end->setToolTip(tr("Show the mask of the experiment again"));
    connect(end, &QPushButton::clicked, this, &LookBar::end_wanted);
    row->addWidget(end);
    hide();
}

void LookBar::show_text(const QString& text) {
    label_->setText(text);
    setVisible(!text.isEmpty());
}

QString LookBar::text() const {
    return label_->text();
}

}  // namespace longscope
