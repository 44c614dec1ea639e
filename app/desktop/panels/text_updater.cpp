// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/text_updater.h"

#include <QSignalBlocker>
#include <QTextCursor>
#include <algorithm>

namespace longscope {

namespace {

constexpr int piece = 64 * 1024;  // characters; a few milliseconds of lines

}  // namespace

TextUpdater::TextUpdater(QPlainTextEdit& editor) : editor_(editor) {
    connect(&editor_, &QPlainTextEdit::textChanged, this, [this] { typed_ = true; });
    connect(&rest_, &QTimer::timeout, this, &TextUpdater::go_on);
}

void TextUpdater::replace(int begin, int end, QStringView text) {
    const QSignalBlocker blocker(editor_);
    const int shown_position = editor_.textCursor().position();
    QTextCursor cursor(editor_.document());
    cursor.setPosition(begin);
    cursor.setPosition(end, QTextCursor::KeepAnchor);
    cursor.insertText(text.toString());
    if (shown_position == begin) {
        // What is put in where the user's cursor stands would push it along.
        cursor.setPosition(begin);
        editor_.setTextCursor(cursor);
    }
}

void TextUpdater::show(const QString& text) {
    QString before = text_;
    if (busy()) {
        before.remove(begin_, end_ - begin_);
    } else if (typed_) {
        before = editor_.toPlainText();
    }
    typed_ = false;
    // Letters of two code units stay whole.
    const auto shorter = std::min(before.size(), text.size());
    int same =
        static_cast<int>(std::mismatch(before.begin(), before.begin() + shorter, text.begin()).first - before.begin());
    same -= same > 0 && text.at(same - 1).isHighSurrogate() ? 1 : 0;
    int same_end = 0;
    while (same_end < shorter - same &&
           before.at(before.size() - 1 - same_end) == text.at(text.size() - 1 - same_end)) {
        ++same_end;
    }
    same_end -= same_end > 0 && text.at(text.size() - same_end).isLowSurrogate() ? 1 : 0;
    const int removed = before.size() - same - same_end;
    if (removed > piece) {
        // All at once is fast, a long selection is not.
        const QSignalBlocker blocker(editor_);
        editor_.clear();
        same = same_end = 0;
    }
    text_ = text;
    begin_ = same;
    end_ = text.size() - same_end;
    if (removed > 0 && removed <= piece) {
        replace(same, same + removed, {});
    }
    go_on();
}

void TextUpdater::go_on() {
    int next = std::min(end_, begin_ + piece);
    next -= next < end_ && text_.at(next - 1).isHighSurrogate() ? 1 : 0;
    if (next > begin_) {
        replace(begin_, begin_, QStringView(text_).mid(begin_, next - begin_));
        begin_ = next;
    }
    if (begin_ < end_) {
        editor_.setReadOnly(true);
        rest_.start(0);
    } else {
        editor_.setReadOnly(false);
        rest_.stop();
    }
}

}  // namespace longscope
