// SPDX-License-Identifier: GPL-3.0-or-later
// For tests that draw text: fontconfig keeps patterns until the process ends, in the smallest program that shows a text
// with cairo too, and LeakSanitizer would report them.

extern "C" {

// The name is LeakSanitizer's; without it nobody calls this.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
const char* __lsan_default_suppressions();
// NOLINTNEXTLINE(bugprone-reserved-identifier)
const char* __lsan_default_suppressions() {
    return "leak:libfontconfig\n";
}
}
