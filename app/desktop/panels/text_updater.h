// SPDX-License-Identifier: GPL-3.0-or-later
// Brings an editor to another text by replacing what differs; a long text comes in pieces, one a turn, while the editor
// can only be read. The cursor and what is scrolled stay where they are.
#pragma once

#include <QPlainTextEdit>
#include <QString>
#include <QTimer>

namespace longscope {

class TextUpdater : public QObject {
    Q_OBJECT

  public:
    // The editor outlives it; it is to hold no carriage returns, and signals nothing of what is done here.
    explicit TextUpdater(QPlainTextEdit& editor);

    void show(const QString& text);
    // Is some of the text still to come?
    [[nodiscard]] bool busy() const { return rest_.isActive(); }

  private:
    void replace(int begin, int end, QStringView text);
    void go_on();

    QPlainTextEdit& editor_;
    QString text_;   // as it is to be
    int begin_ = 0;  // what is to come stands from here
    int end_ = 0;    // to here in it
    bool typed_ = false;
    QTimer rest_;
};

}  // namespace longscope
