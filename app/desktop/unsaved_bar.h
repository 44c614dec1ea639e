// SPDX-License-Identifier: GPL-3.0-or-later
// Asks, in the page, what becomes of changes that are not saved before something replaces them.
#pragma once

#include <QFrame>
#include <QPointer>
#include <functional>

class QLabel;
class QPushButton;

namespace longscope {

class UnsavedBar : public QFrame {
    Q_OBJECT

  public:
    explicit UnsavedBar(QWidget* parent = nullptr);

    // `question` says what is about to happen. `save` returns whether it was saved; `go_on` follows then, or at once
    // when the user discards the changes. Asking again replaces the question before.
    void ask(const QString& question, std::function<bool()> save, std::function<void()> go_on);
    void clear();

  protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    void answer(bool save);

    QLabel* label_;
    QPushButton* save_button_;
    std::function<bool()> save_;
    std::function<void()> go_on_;
    QPointer<QWidget> before_;  // had the focus when it asked
};

}  // namespace longscope
