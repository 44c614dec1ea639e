// SPDX-License-Identifier: GPL-3.0-or-later
// Every layout that an experiment could have on its ranks, one a row: what it would cost, or why it cannot be.
#pragma once

#include <QAbstractTableModel>
#include <memory>
#include <optional>
#include <string>

#include "engine/experiment/layout_options.h"
#include "widgets/base/appearance.h"

namespace longscope {

enum class LayoutColumn { strategy, dispatch, work, received, memory, remark };
inline constexpr int layout_column_count = 6;

class LayoutChoiceModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    // What views sort by: numbers as numbers, and what is not feasible behind the rest.
    static constexpr int sort_role = Qt::UserRole;

    // `appearance` outlives it.
    explicit LayoutChoiceModel(const Appearance& appearance, QObject* parent = nullptr);

    // Null: no rows.
    void set_options(std::shared_ptr<const LayoutOptions> options);
    [[nodiscard]] const std::shared_ptr<const LayoutOptions>& options() const { return options_; }
    // The layout that the experiment has is marked.
    void set_current(const std::string& strategy, const StrategyOptions& options, const std::string& dispatch);
    [[nodiscard]] std::optional<int> current_row() const;
    [[nodiscard]] const LayoutOption& at(int row) const { return options_->layouts.at(static_cast<std::size_t>(row)); }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  private:
    [[nodiscard]] QString text_of(const LayoutOption& layout, LayoutColumn column, bool current) const;
    [[nodiscard]] QString help_of(const LayoutOption& layout, LayoutColumn column) const;
    [[nodiscard]] bool is_current(const LayoutOption& layout) const;

    const Appearance& appearance_;
    std::shared_ptr<const LayoutOptions> options_;
    std::string strategy_;
    StrategyOptions chosen_;
    std::string dispatch_;
};

}  // namespace longscope
