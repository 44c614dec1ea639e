#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# run_nodes_test.sh PROGRAM: a test program on the first of two nodes, with 200 Mbit/s between them.
# shellcheck source=../style/expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../style/expect.sh"
# shellcheck source=nodes.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/nodes.sh"
require_nodes
make_nodes 200mbit
on_node "$node_a" env LONGSCOPE_NODES="$node_a:2,$node_b:2" LONGSCOPE_REMOTE_SHELL="$agent" "$1"
