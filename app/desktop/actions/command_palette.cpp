// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/actions/command_palette.h"

#include <QKeyEvent>
#include <QVBoxLayout>
#include <algorithm>

namespace longscope {

int fuzzy_score(const QString& pattern, const QString& text) {
    int score = 0;
    int at = 0;
    int last = -2;
    for (const QChar wanted : pattern) {
        if (wanted.isSpace()) {
            continue;
        }
        while (at < text.size() && text[at].toCaseFolded() != wanted.toCaseFolded()) {
            ++at;
        }
        if (at == text.size()) {
            return -1;
        }
        const bool word_begins = at == 0 || !text[at - 1].isLetterOrNumber();
        score += 1 + (at == last + 1 ? 3 : 0) + (word_begins ? 4 : 0);
        last = at++;
    }
    return score;
}

CommandPalette::CommandPalette(const ActionTable& actions, QWidget& window)
    : QFrame(&window), actions_(actions), window_(window), input_(new QLineEdit(this)), list_(new QListWidget(this)) {
    setObjectName(QStringLiteral("command_palette"));
    setFrameShape(QFrame::StyledPanel);
    setAutoFillBackground(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(6, 6, 6, 6);
    input_->setPlaceholderText(tr("Type what you want to do"));
    input_->setAccessibleName(tr("Command"));
    list_->setAccessibleName(tr("Commands"));
    list_->setFocusPolicy(Qt::NoFocus);
    column->addWidget(input_);
    column->addWidget(list_);
    input_->installEventFilter(this);
    connect(input_, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(list_, &QListWidget::itemClicked, this, &CommandPalette::run_current);
    hide();
}

void CommandPalette::open() {
    const int width = std::min(560, window_.width() - 40);
    setGeometry((window_.width() - width) / 2, 60, width, std::min(420, window_.height() - 100));
    input_->clear();
    filter({});
    show();
    raise();
    input_->setFocus();
}

void CommandPalette::filter(const QString& text) {
    struct Match {
        int score;
        const ActionTable::Entry* entry;
    };
    std::vector<Match> matches;
    for (const ActionTable::Entry& entry : actions_.entries()) {
        const QString menu = QString(entry.menu).remove(QLatin1Char('&'));
        const int score = fuzzy_score(text, menu + QStringLiteral(": ") + plain_text(*entry.action));
        if (score >= 0 && entry.action->isEnabled()) {
            matches.push_back({score, &entry});
        }
    }
    std::stable_sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) { return a.score > b.score; });
    list_->clear();
    for (const Match& match : matches) {
        const QAction& action = *match.entry->action;
        QString line = QString(match.entry->menu).remove(QLatin1Char('&')) + QStringLiteral(": ") + plain_text(action);
        if (!action.shortcut().isEmpty()) {
            line += QStringLiteral("   [%1]").arg(action.shortcut().toString(QKeySequence::NativeText));
        }
        auto* item = new QListWidgetItem(line, list_);
        item->setToolTip(action.toolTip());
        item->setData(Qt::UserRole, action.objectName());
        item->setData(Qt::UserRole + 1, QVariant::fromValue(static_cast<QObject*>(match.entry->action)));
    }
    list_->setCurrentRow(0);
}

void CommandPalette::run_current() {
    const QListWidgetItem* item = list_->currentItem();
    auto* action = item == nullptr ? nullptr : qobject_cast<QAction*>(item->data(Qt::UserRole + 1).value<QObject*>());
    close_palette();
    if (action != nullptr) {
        action->trigger();
    }
}

void CommandPalette::close_palette() {
    hide();
    window_.setFocus();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        switch (static_cast<QKeyEvent*>(event)->key()) {
            case Qt::Key_Escape:
                close_palette();
                return true;
            case Qt::Key_Return:
            case Qt::Key_Enter:
                run_current();
                return true;
            case Qt::Key_Down:
                list_->setCurrentRow(std::min(list_->currentRow() + 1, list_->count() - 1));
                return true;
            case Qt::Key_Up:
                list_->setCurrentRow(std::max(list_->currentRow() - 1, 0));
                return true;
            default:
                break;
        }
    }
    if (event->type() == QEvent::FocusOut && isVisible() && !list_->underMouse()) {
        hide();
    }
    return QFrame::eventFilter(watched, event);
}

}  // namespace longscope
