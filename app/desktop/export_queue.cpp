// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/export_queue.h"

#include "widgets/base/error_text.h"

namespace longscope {

ExportQueue::ExportQueue(QObject* parent) : QObject(parent) {
    pool_.setMaxThreadCount(1);
}

ExportQueue::~ExportQueue() {
    pool_.waitForDone();
}

void ExportQueue::add(const QString& what, std::function<void()> write) {
    pool_.start([this, what, write = std::move(write)] {
        QString why;
        try {
            write();
        } catch (...) {
            why = error_text(std::current_exception());
        }
        // What is posted to an object that is gone is dropped.
        QMetaObject::invokeMethod(
            this,
            [this, what, why] {
                if (why.isEmpty()) {
                    Q_EMIT saved(what);
                } else {
                    Q_EMIT failed(why);
                }
            },
            Qt::QueuedConnection);
    });
}

}  // namespace longscope
