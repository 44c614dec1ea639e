// SPDX-License-Identifier: GPL-3.0-or-later
// The application of the window. What a handler of an event throws ends that handler only: it is told, and the window
// goes on with its document.
#pragma once

#include <QApplication>
#include <QString>

namespace longscope {

class Application : public QApplication {
    Q_OBJECT

  public:
    // `argc` outlives it.
    Application(int& argc, char** argv) : QApplication(argc, argv) {}

    bool notify(QObject* receiver, QEvent* event) override;

  Q_SIGNALS:
    // In a turn of its own, so that nobody hears it in the middle of a painting.
    void thrown(const QString& what);
};

}  // namespace longscope
