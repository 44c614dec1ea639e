// SPDX-License-Identifier: GPL-3.0-or-later
// The functions behind the registry, one file a format. The formats are described there and in
// resources/docs/mask-formats.md.
#pragma once

#include "engine/mask/formats/mask_format.h"

namespace longscope {

[[nodiscard]] MaskArrays write_varlen(const Mask& mask, const FormatOptions& options);
[[nodiscard]] std::unique_ptr<Mask> read_varlen(const MaskArrays& arrays, const Mask* companion);
[[nodiscard]] MaskArrays write_slices(const Mask& mask, const FormatOptions& options);
[[nodiscard]] std::unique_ptr<Mask> read_slices(const MaskArrays& arrays, const Mask* companion);
[[nodiscard]] MaskArrays write_flashmask(const Mask& mask, const FormatOptions& options);
[[nodiscard]] std::unique_ptr<Mask> read_flashmask(const MaskArrays& arrays, const Mask* companion);
[[nodiscard]] MaskArrays write_block_mask(const Mask& mask, const FormatOptions& options);
[[nodiscard]] std::unique_ptr<Mask> read_block_mask(const MaskArrays& arrays, const Mask* companion);
[[nodiscard]] MaskArrays write_bsr(const Mask& mask, const FormatOptions& options);
[[nodiscard]] std::unique_ptr<Mask> read_bsr(const MaskArrays& arrays, const Mask* companion);
[[nodiscard]] MaskArrays write_packed(const Mask& mask, const FormatOptions& options);
[[nodiscard]] std::unique_ptr<Mask> read_packed(const MaskArrays& arrays, const Mask* companion);
[[nodiscard]] MaskArrays write_dense(const Mask& mask, const FormatOptions& options);
[[nodiscard]] std::unique_ptr<Mask> read_dense(const MaskArrays& arrays, const Mask* companion);
// Only written.
[[nodiscard]] MaskArrays write_mask_mod(const Mask& mask, const FormatOptions& options);

}  // namespace longscope
