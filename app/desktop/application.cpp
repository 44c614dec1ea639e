// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/application.h"

#include "widgets/base/error_text.h"

namespace longscope {

bool Application::notify(QObject* receiver, QEvent* event) {
    try {
        return QApplication::notify(receiver, event);
    } catch (...) {
        const QString what = error_text(std::current_exception());
        QMetaObject::invokeMethod(
            this, [this, what] { Q_EMIT thrown(what); }, Qt::QueuedConnection);
        return true;
    }
}

}  // namespace longscope
