// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/read_view.h"

#include <sqlite3.h>

#include "storage/bind.h"

namespace longscope {

ReadView::ReadView(Database& database)
    : database_(database), outermost_(sqlite3_get_autocommit(database.handle().getHandle()) != 0) {
    if (outermost_) {
        guarded(database_, "read", [&] { database_.handle().exec("BEGIN"); });
    }
}

ReadView::~ReadView() {
    if (outermost_) {
        // Nothing was written: that it fails would change nothing.
        (void)database_.handle().tryExec("ROLLBACK");
    }
}

}  // namespace longscope
