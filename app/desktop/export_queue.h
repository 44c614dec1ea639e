// SPDX-License-Identifier: GPL-3.0-or-later
// Files that are written on another thread, one after the other, in the order in which they were asked for.
#pragma once

#include <QObject>
#include <QString>
#include <QThreadPool>
#include <functional>

namespace longscope {

// Lives on the GUI thread. Its destructor waits until everything is written.
class ExportQueue : public QObject {
    Q_OBJECT

  public:
    explicit ExportQueue(QObject* parent = nullptr);
    ~ExportQueue() override;

    // `write` makes and writes the file `path`; it throws when it cannot.
    void add(const QString& path, std::function<void()> write);

  Q_SIGNALS:
    void saved(const QString& path);
    void failed(const QString& why);

  private:
    QThreadPool pool_;
};

}  // namespace longscope
