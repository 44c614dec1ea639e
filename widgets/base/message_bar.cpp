// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/message_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>

namespace longscope {

namespace {

// Of Okabe and Ito: legible on light and dark, and told apart by all.
QColor message_colour(MessageBar::Kind kind) {
    switch (kind) {
        case MessageBar::Kind::note:
            return {0x00, 0x72, 0xb2};
        case MessageBar::Kind::warning:
            return {0xe6, 0x9f, 0x00};
        case MessageBar::Kind::error:
            return {0xd5, 0x5e, 0x00};
    }
    return {};
}

}  // namespace

void paint_message_background(QWidget& bar, MessageBar::Kind kind) {
    QPainter painter(&bar);
    QColor shade = message_colour(kind);
    painter.fillRect(QRect(0, 0, 5, bar.height()), shade);
    shade.setAlpha(38);
    painter.fillRect(bar.rect(), shade);
}

MessageBar::MessageBar(QWidget* parent)
    : QFrame(parent), sign_(new QLabel(this)), label_(new QLabel(this)), action_(new QPushButton(this)) {
    setObjectName(QStringLiteral("message_bar"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(14, 2, 6, 2);
    row->addWidget(sign_);
    row->addWidget(label_, 1);
    label_->setWordWrap(true);
    label_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // the longest word asks for no room
    label_->setTextFormat(Qt::PlainText);
    label_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    label_->setAccessibleName(tr("Message"));
    action_->setObjectName(QStringLiteral("message_action"));
    action_->setAccessibleName(tr("What the message offers to do"));
    action_->setAutoDefault(true);
    action_->hide();
    connect(action_, &QPushButton::clicked, this, [this] {
        const std::function<void()> act = act_;
        clear();
        act();
    });
    row->addWidget(action_);
    auto* close = new QToolButton(this);
    close->setText(QStringLiteral("\u2715"));
    close->setAutoRaise(true);
    close->setToolTip(tr("Close this message"));
    close->setAccessibleName(tr("Close this message"));
    connect(close, &QToolButton::clicked, this, &MessageBar::clear);
    row->addWidget(close);
    hide();
}

QString MessageBar::text() const {
    return isHidden() ? QString() : label_->text();
}

void MessageBar::show_message(const QString& text, Kind kind) {
    kind_ = kind;
    action_->hide();
    sign_->setText(kind == Kind::note ? tr("Note") : kind == Kind::warning ? tr("Attention") : tr("Error"));
    QFont bold = font();
    bold.setBold(true);
    sign_->setFont(bold);
    label_->setText(text);
    constexpr int most_lines = 8;
    label_->setMaximumHeight(most_lines * label_->fontMetrics().lineSpacing());
    label_->setToolTip(text.size() > 200 ? text.toHtmlEscaped() : QString());
    show();
    update();
}

void MessageBar::offer(const QString& text, Kind kind, const QString& action, std::function<void()> act) {
    show_message(text, kind);
    act_ = std::move(act);
    action_->setText(action);
    action_->setAccessibleName(action);
    action_->show();
}

void MessageBar::clear() {
    label_->clear();
    hide();
}

void MessageBar::paintEvent(QPaintEvent* /*event*/) {
    paint_message_background(*this, kind_);
}

}  // namespace longscope
