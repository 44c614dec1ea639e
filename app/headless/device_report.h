// SPDX-License-Identifier: GPL-3.0-or-later
// What the devices of a stored run did: a table of their kernels beside the roof of the device, and the picture of it.
#pragma once

#include <string>

#include "app/headless/stored_pictures.h"
#include "storage/database.h"
#include "storage/records.h"

namespace longscope {

// Of the typical repetition of the slowest to the first draw that has one; empty where no device computed.
[[nodiscard]] std::string device_section(Database& database, const StoredRun& run);

// Throws Error(bad_input) where no device computed, or its peak was not measured.
[[nodiscard]] DisplayList draw_stored_roofline(Database& database, const StoredRun& run, const StoredDraw& draw,
                                               const StoredRepetition& repetition, const StoredPictureOptions& options);

}  // namespace longscope
