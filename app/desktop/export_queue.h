// SPDX-License-Identifier: GPL-3.0-or-later
// What is written on another thread, one after the other, in the order in which it was asked for: exports, and edits of
// stored runs.
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

    // `write` writes what is called `what` afterwards; it throws when it cannot.
    void add(const QString& what, std::function<void()> write);

  Q_SIGNALS:
    void saved(const QString& what);
    void failed(const QString& why);

  private:
    QThreadPool pool_;
};

}  // namespace longscope
