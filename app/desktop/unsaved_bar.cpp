// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/unsaved_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>

#include "widgets/base/message_bar.h"

namespace longscope {

UnsavedBar::UnsavedBar(QWidget* parent)
    : QFrame(parent), label_(new QLabel(this)), save_button_(new QPushButton(tr("Save"), this)) {
    setObjectName(QStringLiteral("unsaved_bar"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(14, 2, 8, 2);
    label_->setTextFormat(Qt::PlainText);
    label_->setObjectName(QStringLiteral("unsaved_question"));
    label_->setWordWrap(true);
    label_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    row->addWidget(label_, 1);
    save_button_->setObjectName(QStringLiteral("save_changes"));
    auto* discard = new QPushButton(tr("Discard changes"), this);
    discard->setObjectName(QStringLiteral("discard_changes"));
    auto* keep = new QPushButton(tr("Keep editing"), this);
    keep->setObjectName(QStringLiteral("keep_editing"));
    for (QPushButton* button : {save_button_, discard, keep}) {
        button->setAutoDefault(true);  // Return presses the one that has the focus
    }
    row->addWidget(save_button_);
    row->addWidget(discard);
    row->addWidget(keep);
    connect(save_button_, &QPushButton::clicked, this, [this] { answer(true); });
    connect(discard, &QPushButton::clicked, this, [this] { answer(false); });
    connect(keep, &QPushButton::clicked, this, &UnsavedBar::clear);
    hide();
}

void UnsavedBar::ask(const QString& question, std::function<bool()> save, std::function<void()> go_on) {
    label_->setText(question);
    save_ = std::move(save);
    go_on_ = std::move(go_on);
    if (QWidget* focus = window()->focusWidget(); focus != nullptr && !isAncestorOf(focus)) {
        before_ = focus;
    }
    show();
    save_button_->setFocus();
}

void UnsavedBar::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) {
        clear();
    } else {
        QFrame::keyPressEvent(event);
    }
}

void UnsavedBar::paintEvent(QPaintEvent* /*event*/) {
    paint_message_background(*this, MessageBar::Kind::warning);
}

void UnsavedBar::clear() {
    save_ = nullptr;
    go_on_ = nullptr;
    const bool had_focus = isAncestorOf(window()->focusWidget());
    hide();
    if (had_focus && before_ != nullptr) {
        before_->setFocus();  // one goes on where one was
    }
}

void UnsavedBar::answer(bool save) {
    // Once it is saved there is no question any more.
    const std::function<bool()> save_first = save_;
    const std::function<void()> go_on = go_on_;
    if (!save_first || !go_on) {
        return;  // clicking took the focus from a field, and what was typed there answered the question
    }
    if (save && !save_first()) {
        return;  // the question stands
    }
    clear();
    go_on();
}

}  // namespace longscope
