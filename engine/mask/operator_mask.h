// SPDX-License-Identifier: GPL-3.0-or-later
// Operators over masks of any form, evaluated lazily: a question about some rows asks the operands for their zones in
// these rows and joins them there.
#pragma once

#include <memory>
#include <vector>

#include "engine/mask/lazy_mask.h"

namespace longscope {

// A mask, or an operator over such operands; all of them have the same matrix.
struct MaskOperation {
    enum class Kind { mask, all_of, any_of, complement };

    Kind kind = Kind::mask;
    std::shared_ptr<const Mask> mask;     // of a mask
    std::vector<MaskOperation> operands;  // of an operator; at least one, exactly one for complement
};

class OperatorMask final : public LazyMask {
  public:
    // Counts its pairs at once. Throws Error(bad_input) where congruences meet that cannot be kept, as zones do.
    OperatorMask(std::int64_t query_tokens, std::int64_t key_tokens, MaskOperation root);

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const override;
    void zones_in(Range rows, ZoneSet& out) const override;
    [[nodiscard]] std::unique_ptr<Mask> transposed() const override;

  private:
    void evaluate(const MaskOperation& node, Range rows, ZoneSet& out) const;

    MaskOperation root_;
};

}  // namespace longscope
