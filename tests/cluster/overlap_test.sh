#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# overlap_test.sh PROGRAM RATE: two processes of a test program on two nodes, with so much between them (2gbit).
# shellcheck source=../style/expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../style/expect.sh"
# shellcheck source=nodes.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/nodes.sh"
require_nodes
make_nodes "$2"
make_packets_large
on_node "$node_a" mpirun --bind-to none --mca btl_tcp_disable_family 4 --mca plm_rsh_agent "$agent" -H "$node_a:1,$node_b:1" -n 2 "$1"
