// SPDX-License-Identifier: GPL-3.0-or-later
// All questions of the contract of masks against a matrix of cells, for forms of any kind; inside RapidCheck
// properties.
#pragma once

#include "engine/mask/mask.h"
#include "tests/support/brute_force_mask.h"

namespace longscope {

void check_rows(const Mask& mask, const BruteForceMask& truth);

void check_cells(const Mask& mask, const BruteForceMask& truth);

void check_pairs(const Mask& mask, const BruteForceMask& truth);

void check_mirror(const Mask& mask, const BruteForceMask& truth);

void check_contract(const Mask& mask, const BruteForceMask& truth);

}  // namespace longscope
