// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that can be done, in one table: menus, toolbar, command palette, shortcuts and the sheet that lists them
// are all made from it.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QList>
#include <QMenuBar>
#include <QObject>
#include <QString>
#include <QToolBar>
#include <functional>
#include <vector>

namespace longscope {

struct ActionSpec {
    QString id;    // "file.open"; the name of the QAction
    QString menu;  // as it stands in the menu bar
    QString text;  // with its mnemonic
    QString help;  // one sentence
    QList<QKeySequence> keys;
    std::function<void()> run;
    bool in_toolbar = false;
    bool separator_before = false;
};

// A key that a view answers by itself while it has the focus; only for the sheet.
struct ViewKey {
    QString view;
    QString text;
    QString keys;
};

class ActionTable : public QObject {
    Q_OBJECT

  public:
    // `window` gets the shortcuts.
    explicit ActionTable(QWidget& window);

    QAction& add(ActionSpec spec);
    // An action that is made elsewhere, such as the toggle of a dock. `help` as in a spec.
    void add(const QString& menu, QAction& action, const QString& help);
    void add_view_key(const ViewKey& key) { view_keys_.push_back(key); }

    // Throws std::out_of_range for an id that is not there.
    [[nodiscard]] QAction& at(const QString& id) const;
    struct Entry {
        QString menu;
        QAction* action;
        bool in_toolbar;
        bool separator_before;
    };
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    [[nodiscard]] const std::vector<ViewKey>& view_keys() const { return view_keys_; }

    // Menus in the order in which they were first named.
    void fill(QMenuBar& bar) const;
    void fill(QToolBar& bar) const;

  private:
    static void describe(QAction& action, const QString& help);

    QWidget& window_;
    std::vector<Entry> entries_;
    std::vector<ViewKey> view_keys_;
};

// The text of an action as people read it: without mnemonic and dots.
[[nodiscard]] QString plain_text(const QAction& action);

}  // namespace longscope
