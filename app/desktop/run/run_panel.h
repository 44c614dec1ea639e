// SPDX-License-Identifier: GPL-3.0-or-later
// The run that is followed: its progress, what its ranks do, its log, and a button that ends it.
#pragma once

#include <QWidget>

#include "app/desktop/run/run_controller.h"

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

    // What one repetition computes, for the rate; 0: not known.
    void set_flops(double flops) { flops_ = flops; }

  Q_SIGNALS:
    void run_wanted();
    void cancel_wanted();

  private:
    void show_status();

    RunController& controller_;
    double flops_ = 0;
    ElidedLabel* headline_;
    QProgressBar* bar_;
    ElidedLabel* details_;
    QPlainTextEdit* ranks_;
    QPlainTextEdit* log_;
    QPushButton* run_;
    QPushButton* cancel_;
};

}  // namespace longscope
