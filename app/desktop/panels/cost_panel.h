// SPDX-License-Identifier: GPL-3.0-or-later
// What the experiment costs, live. While the answer to the newest change is not there, the figures are greyed and said
// to be out of date.
#pragma once

#include <QWidget>
#include <functional>
#include <vector>

#include "app/desktop/document/evaluator.h"
#include "widgets/base/appearance.h"

class QFormLayout;
class QLabel;

namespace longscope {

class RankBars;

class CostPanel : public QWidget {
    Q_OBJECT

  public:
    // All outlive it.
    CostPanel(Evaluator& evaluator, const Appearance& appearance, QWidget* parent = nullptr);

    // The figures as lines "name<TAB>value"; empty when they are not current.
    [[nodiscard]] QString text() const;
    [[nodiscard]] bool current() const { return current_; }

  private:
    void add_row(const QString& name, const QString& help, std::function<QString(const Evaluation&)> value);
    void show_stale();
    void show_answer();

    struct Row {
        QLabel* name;
        QLabel* value;
        std::function<QString(const Evaluation&)> text;
    };

    Evaluator& evaluator_;
    QFormLayout* form_;
    QLabel* state_;
    std::vector<Row> rows_;
    RankBars* bars_;
    bool current_ = false;
};

}  // namespace longscope
