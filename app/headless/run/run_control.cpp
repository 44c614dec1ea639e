// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/run_control.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>

#include "app/headless/run/run_folder.h"
#include "engine/base/error.h"
#include "engine/base/host.h"

namespace longscope {

void request_cancel(const std::filesystem::path& folder) {
    const RunFolderState state = read_run_folder_state(folder);
    if (is_abandoned(folder.string())) {
        throw failed(fmt::format("run {} has ended already ({})", state.run, state.state));
    }
    if (state.host != host_name()) {
        throw failed(fmt::format("run {} is supervised on {}: cancel it there", state.run, state.host));
    }
    if (kill(static_cast<pid_t>(state.pid), SIGTERM) != 0) {
        throw failed(fmt::format("run {}: process {} cannot be told to stop: {}", state.run, state.pid,
                                 system_error_text(errno)));
    }
}

}  // namespace longscope
