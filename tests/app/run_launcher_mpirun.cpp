// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

INSTANTIATE_TEST_SUITE_P(mpirun, RunVerb, testing::Values("mpirun"), [](const auto& /*info*/) { return "mpirun"; });

}  // namespace
}  // namespace longscope
