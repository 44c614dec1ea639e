// SPDX-License-Identifier: GPL-3.0-or-later
// Asks a result database on a thread of its own, with a read-only connection of its own. Questions are answered in the
// order in which they were asked; answers come back on the thread of this object.
#pragma once

#include <QObject>
#include <QString>
#include <QThread>
#include <atomic>
#include <functional>
#include <memory>

#include "storage/run_page.h"

namespace longscope {

class RunReader : public QObject {
    Q_OBJECT

  public:
    // Set to true by whoever asked, when nobody wants the answer any more: it is then not looked for, and not
    // delivered.
    using Cancelled = std::shared_ptr<std::atomic<bool>>;
    using Deliver = std::function<void()>;
    // Runs on the other thread, and returns what is to be called on this one.
    using Question = std::function<Deliver(RunPages& pages)>;
    using Failed = std::function<void(const QString& line)>;

    explicit RunReader(QObject* parent = nullptr);
    RunReader(const RunReader&) = delete;
    RunReader& operator=(const RunReader&) = delete;
    ~RunReader() override;  // waits for the question that is being answered

    // The file is opened by the first question, and again when another file lies there or opening failed.
    void open(const QString& database);
    void ask(Cancelled cancelled, Question question, Failed failed);

  Q_SIGNALS:
    // What a user should know of the file that was opened: "is newer", "was migrated".
    void noticed(const QString& line);

  private:
    class Connection;

    void answer(const Cancelled& cancelled, const Question& question, const Failed& failed);
    void back(std::function<void()> call);

    QThread thread_;
    QObject* there_;                          // lives on the thread
    std::unique_ptr<Connection> connection_;  // used there alone
};

}  // namespace longscope
