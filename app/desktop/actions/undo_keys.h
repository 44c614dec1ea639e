// SPDX-License-Identifier: GPL-3.0-or-later
// Fields keep the keys of undo and redo for themselves, also when they have nothing to undo. Then the keys are the
// document's.
#pragma once

#include <QObject>

namespace longscope {

class UndoKeys : public QObject {
    Q_OBJECT

  public:
    // Works in the whole application while it is there.
    explicit UndoKeys(QObject* parent = nullptr);

  Q_SIGNALS:
    // The keys are about to be the document's: what waits for a pause in typing becomes part of it now.
    void taken();

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
};

}  // namespace longscope
