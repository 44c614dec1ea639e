// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

INSTANTIATE_TEST_SUITE_P(threads, RunVerb, testing::Values("threads"), [](const auto& /*info*/) { return "threads"; });

}  // namespace
}  // namespace longscope
