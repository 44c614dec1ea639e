// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the user for the name of a file. Tests answer in the user's place.
#pragma once

#include <QString>
#include <QWidget>

namespace longscope {

class FileChooser {
  public:
    FileChooser() = default;
    FileChooser(const FileChooser&) = delete;
    FileChooser& operator=(const FileChooser&) = delete;
    virtual ~FileChooser() = default;

    // `filters` as QFileDialog has them. Empty: the user thought better of it.
    [[nodiscard]] virtual QString to_open(QWidget& window, const QString& title, const QString& filters) = 0;
    [[nodiscard]] virtual QString to_save(QWidget& window, const QString& title, const QString& suggestion,
                                          const QString& filters) = 0;
};

// The dialogs of the desktop.
class DialogFileChooser : public FileChooser {
  public:
    [[nodiscard]] QString to_open(QWidget& window, const QString& title, const QString& filters) override;
    [[nodiscard]] QString to_save(QWidget& window, const QString& title, const QString& suggestion,
                                  const QString& filters) override;
};

}  // namespace longscope
