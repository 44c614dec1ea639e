// SPDX-License-Identifier: GPL-3.0-or-later
// A stored repetition as Chrome traces (profiler/chrome_trace.h).
#pragma once

#include <ostream>

#include "app/headless/export_formats.h"

namespace longscope {

void export_trace(const ExportRequest& request, std::ostream& out);
// Into the folder request.output, which is made when missing: rank-0.json, rank-1.json, ...
void export_trace_per_rank(const ExportRequest& request);

}  // namespace longscope
