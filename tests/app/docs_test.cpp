// SPDX-License-Identifier: GPL-3.0-or-later
// The pages list what the registries list, so that they cannot go stale.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/headless/run/launcher.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/bounded_file.h"
#include "engine/mask/formats/library_code.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "profiler/peers/peer.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

std::string page(const std::string& name) {
    return read_bounded_file(LONGSCOPE_SOURCE_DIR "/" + name, 1 << 20);
}

TEST(Docs, LayoutsListEveryDispatchAndStrategyWithItsMeaning) {
    const std::string layouts = page("resources/docs/layouts.md");
    for (const DispatchEntry& entry : dispatches()) {
        EXPECT_NE(layouts.find(fmt::format("| `{}` | {} |", entry.name, entry.meaning)), std::string::npos)
            << entry.name;
    }
    for (const StrategyEntry& entry : strategies()) {
        EXPECT_NE(layouts.find(fmt::format("| `{}` | {} |", entry.name, entry.meaning)), std::string::npos)
            << entry.name;
    }
}

TEST(Docs, MaskFormatsListsEveryFormatWithItsConvention) {
    const std::string formats = page("resources/docs/mask-formats.md");
    for (const MaskFormat& format : mask_formats()) {
        EXPECT_NE(formats.find(fmt::format("| `{}` | {} |", format.name, format.library)), std::string::npos)
            << format.name;
        EXPECT_NE(formats.find(fmt::format("| {} | {} |", format.convention, format.cannot)), std::string::npos)
            << format.name;
    }
    for (const LibraryEntry& library : mask_libraries()) {
        EXPECT_NE(formats.find(fmt::format("`{}`", library.name)), std::string::npos) << library.name;
    }
}

TEST(Docs, RunningListsEveryLauncher) {
    const std::string running = page("resources/docs/running.md");
    for (const LauncherEntry& entry : launchers()) {
        EXPECT_NE(running.find(fmt::format("| `{}` |", entry.name)), std::string::npos) << entry.name;
    }
}

TEST(Docs, PerformanceListsEveryPeer) {
    const std::string performance = page("resources/docs/performance.md");
    for (const PeerEntry& entry : peers()) {
        EXPECT_NE(performance.find(entry.name), std::string::npos) << entry.name;
    }
}

TEST(Docs, TheReadmeMentionsEveryVerbThatPeopleUse) {
    const std::string readme = page("README.md") + page("resources/docs/running.md");
    for (const VerbEntry& entry : verbs()) {
        if (!entry.summary.empty()) {
            EXPECT_NE(readme.find("engine " + std::string(entry.name)), std::string::npos) << entry.name;
        }
    }
}

TEST(Docs, LinksOfTheReadmeLeadToFiles) {
    const std::string readme = page("README.md");
    int links = 0;
    for (std::size_t at = readme.find("]("); at != std::string::npos; at = readme.find("](", at + 1)) {
        const std::string target = readme.substr(at + 2, readme.find(')', at) - at - 2);
        EXPECT_NO_THROW((void)read_bounded_file(LONGSCOPE_SOURCE_DIR "/" + target, 1 << 20)) << target;
        ++links;
    }
    EXPECT_GE(links, 8);
}

}  // namespace
}  // namespace longscope
