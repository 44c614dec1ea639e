// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/actions/action_table.h"

#include <QMenu>
#include <QRegularExpression>
#include <QWidget>
#include <stdexcept>

namespace longscope {

ActionTable::ActionTable(QWidget& window) : QObject(&window), window_(window) {}

QAction& ActionTable::add(ActionSpec spec) {
    auto* action = new QAction(spec.text, this);
    action->setObjectName(spec.id);
    action->setShortcuts(spec.keys);
    describe(*action, spec.help);
    connect(action, &QAction::triggered, this, [run = std::move(spec.run)] { run(); });
    window_.addAction(action);
    entries_.push_back({spec.menu, action, spec.in_toolbar, spec.separator_before});
    return *action;
}

void ActionTable::add(const QString& menu, QAction& action, const QString& help) {
    describe(action, help);
    window_.addAction(&action);
    entries_.push_back({menu, &action, false, false});
}

void ActionTable::describe(QAction& action, const QString& help) {
    action.setToolTip(action.shortcut().isEmpty()
                          ? help
                          : tr("%1 (%2)").arg(help, action.shortcut().toString(QKeySequence::NativeText)));
    action.setStatusTip(help);
}

QAction& ActionTable::at(const QString& id) const {
    for (const Entry& entry : entries_) {
        if (entry.action->objectName() == id) {
            return *entry.action;
        }
    }
    throw std::out_of_range("no action " + id.toStdString());
}

void ActionTable::fill(QMenuBar& bar) const {
    QList<QMenu*> menus;
    for (const Entry& entry : entries_) {
        QMenu* menu = nullptr;
        for (QMenu* known : menus) {
            if (known->title() == entry.menu) {
                menu = known;
            }
        }
        if (menu == nullptr) {
            menu = bar.addMenu(entry.menu);
            menu->setToolTipsVisible(true);
            menus << menu;
        }
        if (entry.separator_before) {
            menu->addSeparator();
        }
        menu->addAction(entry.action);
    }
}

void ActionTable::fill(QToolBar& bar) const {
    for (const Entry& entry : entries_) {
        if (entry.in_toolbar) {
            bar.addAction(entry.action);
        }
    }
}

QString plain_text(const QAction& action) {
    QString text = action.text();
    text.replace(QRegularExpression(QStringLiteral("&(.)")), QStringLiteral("\\1"));
    while (text.endsWith(QLatin1Char('.'))) {
        text.chop(1);
    }
    return text;
}

}  // namespace longscope
