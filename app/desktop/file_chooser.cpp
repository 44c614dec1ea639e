// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/file_chooser.h"

#include <QFileDialog>

namespace longscope {

QString DialogFileChooser::to_open(QWidget& window, const QString& title, const QString& filters) {
    return QFileDialog::getOpenFileName(&window, title, {}, filters);
}

QString DialogFileChooser::to_save(QWidget& window, const QString& title, const QString& suggestion,
                                   const QString& filters) {
    return QFileDialog::getSaveFileName(&window, title, suggestion, filters);
}

}  // namespace longscope
