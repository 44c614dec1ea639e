// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/actions/command_palette.h"

#include <QApplication>
#include <QFileInfo>
#include <QKeyEvent>
#include <QMenu>
#include <QVBoxLayout>
#include <algorithm>

namespace longscope {

namespace {

struct Command {
    QString menu;  // "File", "File: Open recent"
    QString name;
    QString path;  // of a command that opens this file; its name is that of the file
    QAction* action;
    std::pair<int, int> score;
};

// What was typed is looked for in names of commands first, then in those of files, then letter by letter.
std::pair<int, int> score_of(const QString& pattern, const Command& command) {
    const int whole = fuzzy_score(pattern, command.menu + QStringLiteral(": ") + command.name);
    if (whole < 0) {
        return {-1, -1};
    }
    const QString words = pattern.simplified();
    if (!words.isEmpty() && command.name.contains(words, Qt::CaseInsensitive)) {
        return {command.path.isEmpty() ? 2 : 1, fuzzy_score(pattern, command.name)};
    }
    return {0, whole};
}

// The entries of a menu in a menu stand for themselves.
std::vector<Command> commands_of(const ActionTable& actions) {
    std::vector<Command> commands;
    for (const ActionTable::Entry& entry : actions.entries()) {
        const QString place = QString(entry.menu).remove(QLatin1Char('&'));
        if (const QMenu* menu = entry.action->menu()) {
            for (QAction* action : menu->actions()) {
                const QString path = action->data().toString();
                commands.push_back({place + QStringLiteral(": ") + plain_text(*entry.action),
                                    path.isEmpty() ? plain_text(*action) : QFileInfo(path).fileName(),
                                    path,
                                    action,
                                    {}});
            }
        } else {
            commands.push_back({place, plain_text(*entry.action), {}, entry.action, {}});
        }
    }
    return commands;
}

}  // namespace

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
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);  // what is too long is cut
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
    if (!isVisible()) {
        focus_before_ = QApplication::focusWidget();
    }
    input_->clear();
    filter({});
    show();
    raise();
    input_->setFocus();
}

void CommandPalette::filter(const QString& text) {
    std::vector<Command> matches;
    for (Command& command : commands_of(actions_)) {
        command.score = score_of(text, command);
        if (command.score.first >= 0) {
            matches.push_back(command);
        }
    }
    // What cannot be done now is greyed, and stands at the end of all that match as well: not below what matches worse,
    // or Enter would do something else than what was typed.
    std::stable_sort(matches.begin(), matches.end(), [](const Command& a, const Command& b) {
        return std::pair(a.score, a.action->isEnabled()) > std::pair(b.score, b.action->isEnabled());
    });
    list_->clear();
    for (const Command& match : matches) {
        QString line = match.menu + QStringLiteral(": ") + match.name;
        if (!match.path.isEmpty()) {
            constexpr int folder_pixels = 260;
            line += QStringLiteral("   ") +
                    fontMetrics().elidedText(QFileInfo(match.path).path(), Qt::ElideMiddle, folder_pixels);
        }
        if (!match.action->shortcut().isEmpty()) {
            line += QStringLiteral("   [%1]").arg(match.action->shortcut().toString(QKeySequence::NativeText));
        }
        auto* item = new QListWidgetItem(line, list_);
        item->setToolTip(match.path.isEmpty() ? match.action->toolTip() : match.path.toHtmlEscaped());
        item->setData(Qt::UserRole, match.action->objectName());
        item->setData(Qt::UserRole + 1, QVariant::fromValue(static_cast<QObject*>(match.action)));
        if (!match.action->isEnabled()) {
            item->setFlags(Qt::NoItemFlags);
        }
    }
    list_->setCurrentRow(0);
}

void CommandPalette::run_current() {
    const QListWidgetItem* item = list_->currentItem();
    auto* action = item == nullptr ? nullptr : qobject_cast<QAction*>(item->data(Qt::UserRole + 1).value<QObject*>());
    if (action == nullptr || !action->isEnabled()) {
        return;
    }
    close_palette();
    action->trigger();
}

void CommandPalette::close_palette() {
    hide();
    QWidget* focus = focus_before_ != nullptr ? focus_before_.data() : &window_;
    focus->setFocus();
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
