// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/file_chooser.h"

#include <QFileDialog>

namespace longscope {

QString DialogFileChooser::to_open(QWidget& window, const QString& title, const QString& filters) {
    return QFileDialog::getOpenFileName(&window, title, {}, filters);
}

QString DialogFileChooser::to_save(QWidget& window, const QString& title, const QString& suggestion,
                                   const QString& filters) {
    QFileDialog dialog(&window, title, QFileInfo(suggestion).path(), filters);
    dialog.setAcceptMode(QFileDialog::AcceptSave);
    // Added before the dialog asks whether an older file may be replaced.
    dialog.setDefaultSuffix(QFileInfo(suggestion).suffix());
    dialog.selectFile(suggestion);
    return dialog.exec() == QDialog::Accepted ? dialog.selectedFiles().value(0) : QString();
}

}  // namespace longscope
