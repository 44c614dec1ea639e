// SPDX-License-Identifier: GPL-3.0-or-later
// A mask as the user names it: an expression, as JSON or in a file, or a mask in the format of another library. Which
// of them it is, the content says.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/mask/expression.h"
#include "engine/mask/formats/mask_arrays.h"

namespace CLI {
class App;
}  // namespace CLI

namespace longscope {

// What files of other libraries do not say themselves.
struct MaskFileOptions {
    std::string from;       // the format; empty: as the files say
    std::string companion;  // the mask inside of blocks that are kept in part, named like any mask; empty: none
};

// `options` must outlive the parsing.
void declare_mask_files(CLI::App& verb, MaskFileOptions& options);

class MaskInput {
  public:
    explicit MaskInput(MaskExpression expression) : expression_(std::move(expression)) {}
    explicit MaskInput(MaskArrays arrays) : arrays_(std::move(arrays)) {}

    // Null where the mask came in another format.
    [[nodiscard]] const MaskExpression* expression() const { return expression_ ? &*expression_ : nullptr; }
    // The queries and keys of a mask in another format.
    [[nodiscard]] std::optional<MaskDomain> own_domain() const;
    // Over the domain, which the mask must have where it came in another format. Throws Error(bad_input).
    [[nodiscard]] std::unique_ptr<Mask> over(const MaskDomain& domain, const MaskFileOptions& options) const;
    // As it is shown: the expression, or the format and where it was read.
    [[nodiscard]] Json json() const;
    [[nodiscard]] std::string text() const;

  private:
    std::optional<MaskExpression> expression_;
    std::optional<MaskArrays> arrays_;
};

// `value` is JSON, or the name of a file or a folder. `tokens` is what a folder without mask.json is over, or 0.
// `option` names the value in messages. Throws Error(bad_input).
[[nodiscard]] MaskInput read_mask_input(const std::string& value, const std::string& option,
                                        const MaskFileOptions& options, std::int64_t tokens = 0);

// JSON as it stands in `value`, or in the file that it names.
[[nodiscard]] Json read_mask_json(const std::string& value, const std::string& option);

}  // namespace longscope
