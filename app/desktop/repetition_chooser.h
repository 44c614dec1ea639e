// SPDX-License-Identifier: GPL-3.0-or-later
// Which draw of a run, and which of its measured repetitions, is shown.
#pragma once

#include <QWidget>
#include <vector>

#include "app/desktop/stored_run_loader.h"

class QComboBox;

namespace longscope {

class RepetitionChooser : public QWidget {
    Q_OBJECT

  public:
    explicit RepetitionChooser(QWidget* parent = nullptr);

    // `place` is what is shown of it now.
    void show_run(const StoredRun& run, const RepetitionPlace& place);
    // How many repetitions there are to choose from, of all draws.
    [[nodiscard]] int choices() const;

  Q_SIGNALS:
    void chosen(std::int64_t run, const longscope::RepetitionPlace& place);
    void filled();

  private:
    struct Draw {
        std::int64_t index;
        std::int64_t typical;                                        // repetition
        std::vector<std::pair<std::int64_t, Nanoseconds>> measured;  // repetitions
    };
    void fill_repetitions(const Draw& draw, std::int64_t chosen);

    std::int64_t run_ = 0;
    std::vector<Draw> draws_;  // with measured repetitions
    QComboBox* draw_;
    QComboBox* repetition_;
};

}  // namespace longscope
