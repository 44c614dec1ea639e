// SPDX-License-Identifier: GPL-3.0-or-later
// Above the mask of a stored run: which run it is of, and ways back to the mask of the experiment.
#pragma once

#include <QFrame>
#include <QString>

namespace longscope {

class ElidedLabel;

class LookBar : public QFrame {
    Q_OBJECT

  public:
    explicit LookBar(QWidget* parent = nullptr);

    // Empty: the bar is gone.
    void show_text(const QString& text);
    [[nodiscard]] QString text() const;

  Q_SIGNALS:
    void end_wanted();
    // The mask of the run beside that of the experiment.
    void compare_wanted();

  private:
    ElidedLabel* label_;
};

}  // namespace longscope
