// SPDX-License-Identifier: GPL-3.0-or-later
// The run that is followed: its progress, what its ranks do, its log, and a button that ends it.
#pragma once

#include <QWidget>

#include "app/desktop/run/run_controller.h"
#include "storage/run_statistics.h"

class QPlainTextEdit;
class QProgressBar;
class QPushButton;

namespace longscope {

class ElidedLabel;

class RunPanel : public QWidget {
    Q_OBJECT

  public:
    // The controller outlives it.
    explicit RunPanel(RunController& controller, QWidget* parent = nullptr);

    // What the run that has ended took, in the words of the results; takes the place of its last repetition.
    void show_result(std::int64_t run, const RunFigures& figures, std::size_t draws);

  Q_SIGNALS:
    void run_wanted();
    void cancel_wanted();

  private:
    void show_status();

    RunController& controller_;
    std::int64_t result_of_ = 0;  // the run that it is the result of
    QString result_;
    ElidedLabel* headline_;
    QProgressBar* bar_;
    ElidedLabel* details_;
    QPlainTextEdit* ranks_;
    QPlainTextEdit* log_;
    QPushButton* run_;
    QPushButton* cancel_;
};

}  // namespace longscope
