// SPDX-License-Identifier: GPL-3.0-or-later
// Conditions of `compare --fail-if`: "time > 1.05x" (the ratio of the second run to the first), "memory > 2 GiB" (the
// second run itself).
#pragma once

#include <string>

#include "storage/run_comparison.h"

namespace longscope {

class FailCondition {
  public:
    // Throws Error(bad_input) that says what is accepted.
    explicit FailCondition(const std::string& text);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const Metric& metric() const { return *metric_; }
    // Whether it holds for runs with these figures. Throws Error(failed) when one of them is not known.
    [[nodiscard]] bool holds(const Figure& a, const Figure& b) const;

  private:
    std::string text_;
    const Metric* metric_ = nullptr;
    bool greater_ = true;
    bool or_equal_ = false;
    bool as_ratio_ = false;
    double value_ = 0;
};

}  // namespace longscope
