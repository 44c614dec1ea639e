// SPDX-License-Identifier: GPL-3.0-or-later
// Who sends how much to whom as a picture: senders go down, receivers go right, and the shade of a cell is its share of
// the largest one's bytes.
#pragma once

#include <optional>
#include <string>

#include "engine/draw/cell_sheet.h"
#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/parallel/communication_matrix.h"

namespace longscope {

struct CommunicationPictureOptions {
    Theme theme = light_theme();
    // As in StepPictureOptions.
    std::string title;
    std::string caption;
    SheetView view = {};
    std::optional<CellPlace> chosen;  // sender, receiver
};

[[nodiscard]] CellSheet communication_sheet(const CommunicationMatrix& matrix,
                                            const CommunicationPictureOptions& options);
[[nodiscard]] DisplayList draw_communication(const CommunicationMatrix& matrix,
                                             const CommunicationPictureOptions& options);

}  // namespace longscope
