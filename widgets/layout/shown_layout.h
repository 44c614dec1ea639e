// SPDX-License-Identifier: GPL-3.0-or-later
// What the page of the layout shows, worked out and immutable: shared between the window and what saves it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/draw/cell_sheet.h"
#include "engine/experiment/layout_preview.h"
#include "engine/parallel/communication_matrix.h"

namespace longscope {

struct ShownLayout {
    Experiment experiment;
    LayoutPreview preview;
    std::string caption;

    [[nodiscard]] bool has_backward() const { return preview.steps.backward_from.has_value(); }
};

// A table that can be looked at cell by cell.
class SheetContent {
  public:
    virtual ~SheetContent() = default;

    [[nodiscard]] virtual CellSheet sheet(const SheetPictureOptions& options) const = 0;
    [[nodiscard]] virtual DisplayList draw(const SheetPictureOptions& options) const = 0;
    // Lines about a cell, exactly.
    [[nodiscard]] virtual std::vector<std::string> facts(CellPlace place) const = 0;
    [[nodiscard]] virtual std::string table(char separator) const = 0;
    // Of a picture in a file.
    [[nodiscard]] virtual std::string title() const = 0;
    [[nodiscard]] virtual std::string caption() const = 0;
};

[[nodiscard]] std::shared_ptr<const SheetContent> steps_content(std::shared_ptr<const ShownLayout> layout);
// Of one pass; without one, of all that there are.
[[nodiscard]] std::shared_ptr<const SheetContent> communication_content(std::shared_ptr<const ShownLayout> layout,
                                                                        std::optional<Direction> direction);

}  // namespace longscope
