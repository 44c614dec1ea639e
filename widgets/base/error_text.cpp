// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/error_text.h"

#include <QCoreApplication>
#include <new>

#include "widgets/base/colours.h"

namespace longscope {

QString error_text(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
        return QCoreApplication::translate("longscope", "There is not enough memory for this.");
    } catch (const std::exception& thrown) {
        return to_qstring(thrown.what());
    } catch (...) {
        return QCoreApplication::translate("longscope", "An unknown error.");
    }
}

}  // namespace longscope
