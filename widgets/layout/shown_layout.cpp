// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/shown_layout.h"

#include <utility>

#include "engine/draw/communication_picture.h"
#include "engine/draw/step_picture.h"
#include "engine/parallel/layout_text.h"

namespace longscope {

namespace {

class StepsContent : public SheetContent {
  public:
    explicit StepsContent(std::shared_ptr<const ShownLayout> layout) : layout_(std::move(layout)) {}

    [[nodiscard]] CellSheet sheet(const SheetPictureOptions& options) const override {
        return step_sheet(layout_->preview.steps, options);
    }
    [[nodiscard]] DisplayList draw(const SheetPictureOptions& options) const override {
        return draw_steps(layout_->preview.steps, options);
    }
    [[nodiscard]] std::vector<std::string> facts(CellPlace place) const override {
        return step_facts(layout_->preview.steps, layout_->experiment.shape, place.row,
                          static_cast<std::int32_t>(place.column));
    }
    [[nodiscard]] std::string table(char separator) const override {
        return step_lines(layout_->preview.steps, separator);
    }
    [[nodiscard]] std::string title() const override { return layout_->experiment.name + ": steps"; }
    [[nodiscard]] std::string caption() const override { return layout_->caption; }

  private:
    std::shared_ptr<const ShownLayout> layout_;
};

class CommunicationContent : public SheetContent {
  public:
    CommunicationContent(std::shared_ptr<const ShownLayout> layout, std::optional<Direction> direction)
        : layout_(std::move(layout)),
          direction_(direction),
          matrix_(communication_matrix(layout_->preview.steps, direction)) {}

    [[nodiscard]] CellSheet sheet(const SheetPictureOptions& options) const override {
        return communication_sheet(matrix_, options);
    }
    [[nodiscard]] DisplayList draw(const SheetPictureOptions& options) const override {
        return draw_communication(matrix_, options);
    }
    [[nodiscard]] std::vector<std::string> facts(CellPlace place) const override {
        return traffic_facts(matrix_, place.row, place.column);
    }
    [[nodiscard]] std::string table(char separator) const override { return traffic_lines(matrix_, separator); }
    [[nodiscard]] std::string title() const override {
        const std::string of = !direction_                         ? ""
                               : *direction_ == Direction::forward ? ", forward pass"
                                                                   : ", backward pass";
        return layout_->experiment.name + ": communication" + of;
    }
    [[nodiscard]] std::string caption() const override { return layout_->caption; }

  private:
    std::shared_ptr<const ShownLayout> layout_;
    std::optional<Direction> direction_;
    CommunicationMatrix matrix_;
};

}  // namespace

std::shared_ptr<const SheetContent> steps_content(std::shared_ptr<const ShownLayout> layout) {
    return std::make_shared<const StepsContent>(std::move(layout));
}

std::shared_ptr<const SheetContent> communication_content(std::shared_ptr<const ShownLayout> layout,
                                                          std::optional<Direction> direction) {
    return std::make_shared<const CommunicationContent>(std::move(layout), direction);
}

}  // namespace longscope
