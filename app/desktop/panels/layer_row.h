// SPDX-License-Identifier: GPL-3.0-or-later
// One layer of the mask's stack: shown or not, how it is joined, its parameters.
#pragma once

#include <QFrame>

#include "engine/base/json.h"
#include "engine/mask/mask_stack.h"

class QGridLayout;

namespace longscope {

class LayerRow : public QFrame {
    Q_OBJECT

  public:
    // `index` is its place among `count`.
    LayerRow(const MaskLayer& layer, int index, int count, QWidget* parent = nullptr);

  Q_SIGNALS:
    // `what` names the step; those that follow one another with the same `merge_key` are one.
    void edited(const MaskLayer& layer, const QString& what, const QString& merge_key);
    void moved(int by);
    void removed();

  private:
    void add_parameters(QGridLayout* grid);
    // Why the mask is refused with this value; nothing when it is not.
    [[nodiscard]] QString why_not(const std::string& leaf, const std::string& key, const Json& value) const;
    // Why it is refused; nothing when it was taken.
    [[nodiscard]] QString change_parameter(const std::string& leaf, const std::string& key, const Json& value,
                                           bool stepping);
    void change(const MaskLayer& layer, const QString& what, const QString& merge_key = {});

    MaskLayer layer_;
    int index_;
};

}  // namespace longscope
