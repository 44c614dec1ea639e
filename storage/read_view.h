// SPDX-License-Identifier: GPL-3.0-or-later
// One commit of a database to read from, for what takes several statements: while others write, all of them see the
// same. Keep it short where there is no write-ahead log: writers wait for it.
#pragma once

#include "storage/database.h"

namespace longscope {

class ReadView {
  public:
    // Begins with the first statement that reads. Within another view, or a transaction, it is that one. Throws Error.
    explicit ReadView(Database& database);
    ReadView(const ReadView&) = delete;
    ReadView& operator=(const ReadView&) = delete;
    ReadView(ReadView&&) = delete;
    ReadView& operator=(ReadView&&) = delete;
    ~ReadView();

  private:
    Database& database_;
    bool outermost_;
};

}  // namespace longscope
