// SPDX-License-Identifier: GPL-3.0-or-later
// One layer of the mask's stack: shown or not, how it is joined, its parameters.
#pragma once

#include <QFrame>
#include <map>
#include <utility>

#include "engine/base/json.h"
#include "engine/mask/mask_stack.h"
#include "widgets/base/appearance.h"

class QGridLayout;
class QLabel;

namespace longscope {

class LayerRow : public QFrame {
    Q_OBJECT

  public:
    // `index` is its place among `count`; the appearance outlives it.
    LayerRow(const MaskLayer& layer, int index, int count, const Appearance& appearance, QWidget* parent = nullptr);

  Q_SIGNALS:
    // `what` names the step; those that follow one another with the same `merge_key` are one.
    void edited(const MaskLayer& layer, const QString& what, const QString& merge_key);
    void moved(int by);
    void removed();

  private:
    void add_parameters(QGridLayout* grid);
    // Why the mask is refused with this value; nothing when it is not.
    [[nodiscard]] QString why_not(const std::string& leaf, const std::string& key, const Json& value) const;
    // What is typed becomes part of the document, which says that it is refused; returns what is wrong with it.
    [[nodiscard]] QString change_parameter(const std::string& leaf, const std::string& key, const Json& value,
                                           bool stepping);
    // Below the fields, with a mark at the one that it names.
    void explain(const QString& why);
    void change(const MaskLayer& layer, const QString& what, const QString& merge_key = {});

    MaskLayer layer_;
    int index_;
    const Appearance& appearance_;
    QLabel* error_ = nullptr;
    std::map<QString, std::pair<QLabel*, QWidget*>> fields_;  // by their parameters
};

}  // namespace longscope
