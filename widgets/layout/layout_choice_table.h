// SPDX-License-Identifier: GPL-3.0-or-later
// The table of all layouts: sorted by any column; Return or a double click chooses one.
#pragma once

#include <QWidget>
#include <memory>
#include <string>

#include "widgets/base/appearance.h"
#include "widgets/layout/layout_choice_model.h"

class QCheckBox;
class QLabel;
class QPushButton;
class QTableView;

namespace longscope {

class LayoutChoiceTable : public QWidget {
    Q_OBJECT

  public:
    // `appearance` outlives it.
    explicit LayoutChoiceTable(const Appearance& appearance, QWidget* parent = nullptr);

    // Null: nothing, and why. What is selected stays selected where it is there again.
    void show_options(std::shared_ptr<const LayoutOptions> options, const QString& empty_text);
    [[nodiscard]] LayoutChoiceModel& model() { return *model_; }
    [[nodiscard]] QTableView& view() { return *view_; }
    // Those that are seen, in their order, as text.
    [[nodiscard]] std::string table(char separator) const;
    void copy_table() const;

    [[nodiscard]] QByteArray layout_state() const;
    void restore_layout_state(const QByteArray& state);

  Q_SIGNALS:
    // Feasible ones only.
    void chosen(const longscope::LayoutOption& layout);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    class Order;

    void activate(const QModelIndex& index);
    void tell_selection();
    void recolour();
    [[nodiscard]] const LayoutOption* selected() const;

    const Appearance& appearance_;
    LayoutChoiceModel* model_;
    Order* order_;
    QTableView* view_;
    QLabel* empty_;
    QLabel* hint_;
    QCheckBox* feasible_;
    QPushButton* apply_;
    bool sized_ = false;  // have the columns their widths?
};

}  // namespace longscope
