// SPDX-License-Identifier: GPL-3.0-or-later
// Who sends how much to whom as a picture: senders go down, receivers go right, and the shade of a cell is its share of
// the largest one's bytes.
#pragma once

#include "engine/draw/cell_sheet.h"
#include "engine/draw/display_list.h"
#include "engine/parallel/communication_matrix.h"

namespace longscope {

// Cells are pairs of sender and receiver.
[[nodiscard]] CellSheet communication_sheet(const CommunicationMatrix& matrix, const SheetPictureOptions& options);
[[nodiscard]] DisplayList draw_communication(const CommunicationMatrix& matrix, const SheetPictureOptions& options);

}  // namespace longscope
