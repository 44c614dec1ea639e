// SPDX-License-Identifier: GPL-3.0-or-later
// Weights that a forward pass keeps, so that the backward pass takes four products in place of five and no
// exponentials: for where there is memory for them, which grows with the pairs.
//
//     StoredProbabilities stored(budget_bytes);
//     input.keep = &stored;
//     kernel.attend(input, out, hooks);            // throws Error(out_of_memory) when it does not fit
//     kernel.attend_backward({input, dout, lse, delta, &stored}, gradients, hooks);
//
// The backward pass gives the same as without, up to rounding: of weights kept in bfloat16 that of bfloat16. Kept
// weights are those of the keys of the call alone, whatever the lse of whole rows is, so they serve parts of the keys
// as well. Where keeping makes no sense nothing is kept, why_not() says why, and the backward pass computes the weights
// again: in sigmoid attention (its gradient needs 1 - P, which a rounded P near 1 does not give) and with a soft cap
// (its slope follows from the scores only); and in backends that keep nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace longscope {

class StoredProbabilities {
  public:
    // What a backend keeps, in its own form.
    class Content {
      public:
        Content() = default;
        Content(const Content&) = delete;
        Content& operator=(const Content&) = delete;
        Content(Content&&) = delete;
        Content& operator=(Content&&) = delete;
        virtual ~Content() = default;
        [[nodiscard]] virtual std::int64_t bytes() const = 0;
    };

    explicit StoredProbabilities(std::int64_t budget_bytes) : budget_bytes_(budget_bytes) {}

    [[nodiscard]] std::int64_t budget_bytes() const { return budget_bytes_; }
    // What they take; 0: nothing is kept.
    [[nodiscard]] std::int64_t bytes() const { return content_ == nullptr ? 0 : content_->bytes(); }
    // Why nothing is kept, in one line.
    [[nodiscard]] const std::string& why_not() const { return why_not_; }

    // For backends. Throws Error(out_of_memory) that says both sizes when so many bytes are above the budget.
    void require_room(std::int64_t bytes) const;
    void keep(std::unique_ptr<Content> content) {
        content_ = std::move(content);
        why_not_.clear();
    }
    // Returns what was kept.
    std::unique_ptr<Content> keep_nothing(std::string why) {
        why_not_ = std::move(why);
        return std::exchange(content_, nullptr);
    }
    [[nodiscard]] Content* content() { return content_.get(); }
    [[nodiscard]] const Content* content() const { return content_.get(); }

  private:
    std::int64_t budget_bytes_;
    std::unique_ptr<Content> content_;
    std::string why_not_ = "no forward pass has kept any";
};

}  // namespace longscope
