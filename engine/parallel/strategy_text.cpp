// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy_text.h"

namespace longscope {

std::string_view strategy_letters() {
    return "N ranks; t tokens in all, t_r on rank r, t_max on the rank that has most; Hq query heads, Hkv key/value "
           "heads "
           "of Dqk and Dv elements; b bytes of an element of the inputs. Of one token: k = b Hkv (Dqk + Dv) bytes of "
           "its "
           "keys and values, g = 4 Hkv (Dqk + Dv) of their gradients, p = 4 Hq (Dv + 1) of its output and lse, w = 4 "
           "Hq "
           "(Dqk + 1) of its dQ and delta, which are float32.";
}

}  // namespace longscope
