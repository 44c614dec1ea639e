// SPDX-License-Identifier: GPL-3.0-or-later
// Messages in the page, not in a dialog: one line with a sign of its kind, which stays until it is closed or replaced.
#pragma once

#include <QFrame>
#include <QString>
#include <functional>

class QLabel;
class QPushButton;

namespace longscope {

class MessageBar : public QFrame {
    Q_OBJECT

  public:
    enum class Kind { note, warning, error };

    explicit MessageBar(QWidget* parent = nullptr);

    [[nodiscard]] QString text() const;
    [[nodiscard]] Kind kind() const { return kind_; }

  public Q_SLOTS:
    void show_message(const QString& text, Kind kind);
    void show_error(const QString& text) { show_message(text, Kind::error); }
    void clear();

  public:
    // With a button that does something about it.
    void offer(const QString& text, Kind kind, const QString& action, std::function<void()> act);

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    Kind kind_ = Kind::note;
    QLabel* sign_;
    QLabel* label_;
    QPushButton* action_;
    std::function<void()> act_;
};

// The colour of its kind behind a bar, for others that look alike.
void paint_message_background(QWidget& bar, MessageBar::Kind kind);

}  // namespace longscope
