// SPDX-License-Identifier: GPL-3.0-or-later
// The mask as a stack of layers: added, moved, joined, hidden, removed.
#pragma once

#include <QWidget>

#include "app/desktop/document/experiment_document.h"
#include "widgets/base/appearance.h"

class QToolButton;
class QVBoxLayout;

namespace longscope {

class MaskStackEditor : public QWidget {
    Q_OBJECT

  public:
    // Both outlive it.
    MaskStackEditor(ExperimentDocument& document, const Appearance& appearance, QWidget* parent = nullptr);

    // Adds a leaf by its name, with the parameters that it begins with.
    void add_layer(const std::string& leaf);
    // Joins a mask to the layers, or puts it in their place, and goes to its fields. `expression` is JSON.
    void add_mask(const QString& name, const std::string& expression);
    void replace_mask(const QString& name, const std::string& expression);

  Q_SIGNALS:
    void gallery_wanted();

  private:
    void refresh();
    void rebuild();
    // Where the keys go stays the same when the rows are made anew.
    struct Focus {
        int row = -1;  // none of them
        QString name;  // of the widget in the row
    };
    [[nodiscard]] Focus focus_now() const;
    void give_focus(const Focus& focus);
    void go_to_layer(int index);
    void order_tabs();

    ExperimentDocument& document_;
    const Appearance& appearance_;
    MaskStack shown_;
    int moving_by_ = 0;  // the layer with the focus, while it is moved
    QVBoxLayout* rows_;
    QToolButton* add_;
};

}  // namespace longscope
