// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include "app/headless/command_line.h"

int main(int argc, char** argv) {
    // Where one of the standard descriptors is closed, the next file opened would take its number, and what is printed
    // would go into that file.
    int descriptor = open("/dev/null", O_RDWR);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO) {
        descriptor = open("/dev/null", O_RDWR);
    }
    close(descriptor);
    return longscope::run_command_line(argc, argv);
}
