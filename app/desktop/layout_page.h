// SPDX-License-Identifier: GPL-3.0-or-later
// What the ranks of the experiment would do, send and hold as it is composed now, and every other layout that it could
// have. Nothing runs; all is worked out on other threads, while the page is looked at.
#pragma once

#include <QWidget>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/desktop/document/evaluator.h"
#include "app/desktop/document/experiment_document.h"
#include "engine/experiment/layout_options.h"
#include "widgets/base/appearance.h"
#include "widgets/base/latest_job.h"
#include "widgets/layout/layout_choice_table.h"
#include "widgets/layout/memory_view.h"
#include "widgets/layout/sheet_canvas.h"

class QComboBox;
class QLabel;
class QStackedWidget;
class QTabBar;

namespace longscope {

class ElidedLabel;

class LayoutPage : public QWidget {
    Q_OBJECT

  public:
    enum class Part { steps, communication, memory, choices };
    static constexpr int parts = 4;

    // All outlive it.
    LayoutPage(ExperimentDocument& document, Evaluator& evaluator, const Appearance& appearance,
               QWidget* parent = nullptr);

    [[nodiscard]] Part part() const;
    void show_part(Part part);
    [[nodiscard]] SheetCanvas& steps() { return *steps_; }
    [[nodiscard]] SheetCanvas& communication() { return *communication_; }
    [[nodiscard]] MemoryView& memory() { return *memory_; }
    [[nodiscard]] LayoutChoiceTable& choices() { return *choices_; }
    [[nodiscard]] QString caption() const;
    // Is what is shown that of the experiment as it is now, or the reason why there is none?
    [[nodiscard]] bool current() const { return !stale_ && !preview_job_.running() && !choice_job_.running(); }

    // Of the part that is shown, for any thread. Throw Error: there is nothing; or it is a table.
    [[nodiscard]] std::function<DisplayList()> picture_maker(double width) const;
    [[nodiscard]] std::function<std::string()> csv_maker() const;
    void copy() const;

    // Which part is shown, and how.
    [[nodiscard]] QByteArray page_state() const;
    void restore_page_state(const QByteArray& state);

  protected:
    void showEvent(QShowEvent* event) override;

  private:
    // In the order of the chooser: of both passes, forward, backward.
    static constexpr int directions = 3;
    struct Shown {
        std::shared_ptr<const ShownLayout> layout;
        std::shared_ptr<const SheetContent> steps;
        std::array<std::shared_ptr<const SheetContent>, directions> communication;
    };
    // What a table of choices was worked out from.
    struct ChoiceSource {
        std::shared_ptr<const HeadMasks> masks;
        AttentionShape shape;
        std::int64_t ranks = 0;
        Pass pass = Pass::forward;

        [[nodiscard]] bool operator==(const ChoiceSource&) const = default;
    };

    void make_head();
    void refresh();
    void refresh_choices();
    void show_nothing(const QString& why);
    void show(Shown shown);
    void show_facts();
    void show_communication();
    void apply(const LayoutOption& layout);
    void recolour();

    ExperimentDocument& document_;
    Evaluator& evaluator_;
    const Appearance& appearance_;
    QTabBar* parts_;
    ElidedLabel* caption_;
    QComboBox* direction_;
    QStackedWidget* stack_;
    SheetCanvas* steps_;
    SheetCanvas* communication_;
    MemoryView* memory_;
    LayoutChoiceTable* choices_;
    QLabel* facts_;
    Shown shown_;
    bool stale_ = true;
    LayoutField layout_;  // of the experiment that was known last
    std::optional<ChoiceSource> choices_of_;
    LatestJob<Shown> preview_job_;
    LatestJob<std::shared_ptr<const LayoutOptions>> choice_job_;
};

}  // namespace longscope
