// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/actions/undo_keys.h"

#include <QAbstractSpinBox>
#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPlainTextEdit>

namespace longscope {

namespace {

// Whether a field that takes these keys has nothing that they would change.
bool has_none(const QObject& field, bool undo) {
    if (const auto* text = qobject_cast<const QPlainTextEdit*>(&field)) {
        return undo ? !text->document()->isUndoAvailable() : !text->document()->isRedoAvailable();
    }
    const auto* line = qobject_cast<const QLineEdit*>(&field);
    if (line == nullptr && qobject_cast<const QAbstractSpinBox*>(&field) != nullptr) {
        line = field.findChild<QLineEdit*>();
    }
    return line != nullptr && (undo ? !line->isUndoAvailable() : !line->isRedoAvailable());
}

}  // namespace

UndoKeys::UndoKeys(QObject* parent) : QObject(parent) {
    QCoreApplication::instance()->installEventFilter(this);
}

bool UndoKeys::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::ShortcutOverride) {
        return false;
    }
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool undo = key->matches(QKeySequence::Undo);
    if ((undo || key->matches(QKeySequence::Redo)) && has_none(*watched, undo)) {
        Q_EMIT taken();
        event->ignore();
        return true;
    }
    return false;
}

}  // namespace longscope
