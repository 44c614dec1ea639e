// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/actions/shortcut_sheet.h"

#include <QApplication>
#include <QKeyEvent>
#include <QVBoxLayout>

namespace longscope {

ShortcutSheet::ShortcutSheet(const ActionTable& actions, QWidget& window)
    : QFrame(&window), actions_(actions), window_(window), text_(new QTextBrowser(this)) {
    setObjectName(QStringLiteral("shortcut_sheet"));
    setFrameShape(QFrame::StyledPanel);
    setAutoFillBackground(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(3, 3, 3, 3);
    column->addWidget(text_);
    text_->setFrameShape(QFrame::NoFrame);
    constexpr qreal margin = 14;
    text_->document()->setDocumentMargin(margin);
    text_->setAccessibleName(tr("Keys"));
    text_->installEventFilter(this);
    hide();
}

void ShortcutSheet::toggle() {
    if (isVisible()) {
        close_sheet();
        return;
    }
    focus_before_ = QApplication::focusWidget();
    text_->setHtml(html());
    const int width = std::min(680, window_.width() - 40);
    const int height = std::min(640, window_.height() - 60);
    setGeometry((window_.width() - width) / 2, (window_.height() - height) / 2, width, height);
    show();
    raise();
    text_->setFocus();
}

QString ShortcutSheet::html() const {
    QString rows;
    QString menu;
    const auto heading = [&](const QString& text) {
        rows += QStringLiteral("<tr><td colspan=2><b><br>%1</b></td></tr>").arg(text.toHtmlEscaped());
    };
    const auto row = [&](const QString& keys, const QString& text) {
        rows +=
            QStringLiteral("<tr><td width=170>%1</td><td>%2</td></tr>").arg(keys.toHtmlEscaped(), text.toHtmlEscaped());
    };
    for (const ActionTable::Entry& entry : actions_.entries()) {
        if (entry.action->shortcuts().isEmpty()) {
            continue;
        }
        if (entry.menu != menu) {
            menu = entry.menu;
            heading(QString(menu).remove(QLatin1Char('&')));
        }
        row(QKeySequence::listToString(entry.action->shortcuts(), QKeySequence::NativeText), plain_text(*entry.action));
    }
    for (const ViewKey& key : actions_.view_keys()) {
        if (key.view != menu) {
            menu = key.view;
            heading(menu);
        }
        row(key.keys, key.text);
    }
    return QStringLiteral("<h3>%1</h3><table cellspacing=2>%2</table>").arg(tr("Keys").toHtmlEscaped(), rows);
}

void ShortcutSheet::close_sheet() {
    hide();
    QWidget* focus = focus_before_ != nullptr ? focus_before_.data() : &window_;
    focus->setFocus();
}

bool ShortcutSheet::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Escape || key->text() == QStringLiteral("?")) {
            close_sheet();
            return true;
        }
    }
    return QFrame::eventFilter(watched, event);
}

}  // namespace longscope
