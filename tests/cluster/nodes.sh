# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two nodes on one machine, for tests: network namespaces with one link between them. What runs on a node has a host
# name, a /dev/shm and interprocess objects of its own, so that ranks of different nodes have TCP only. All of it is
# gone when the script ends. Sourced after expect.sh.
skipped=77
scratch=${scratch:?is made by expect.sh}

# Ends the test as skipped, and says why, where nodes cannot be made.
require_nodes() {
    local tool reason node
    [[ $(id -u) == 0 ]] || { printf 'skipped: making network namespaces needs root\n'; exit "$skipped"; }
    for tool in ip tc unshare mpirun; do
        command -v "$tool" >/dev/null || { printf 'skipped: needs %s\n' "$tool"; exit "$skipped"; }
    done
    # Those of tests that were killed.
    for node in /run/netns/ls[ab][0-9]*; do
        if [[ -e $node && ! -e /proc/${node##*/ls[ab]} ]]; then ip netns del "${node##*/}"; fi
    done
    reason=$(ip netns add "$node_a" 2>&1) ||
        { printf 'skipped: no network namespace can be made here: %s\n' "$reason"; exit "$skipped"; }
}

node_a=lsa$$ node_b=lsb$$
remove_nodes() {
    local node
    for node in "$node_a" "$node_b"; do
        if [[ -e /run/netns/$node ]]; then ip netns del "$node"; fi
    done
    rm -rf "$scratch"
}
trap remove_nodes EXIT

# make_nodes RATE: the link between them passes so much in each direction ("2gbit"), or "unlimited".
make_nodes() {
    local node number=1
    ip netns add "$node_b"
    ip link add wire netns "$node_a" type veth peer name wire netns "$node_b"
    for node in "$node_a" "$node_b"; do
        ip -n "$node" link set lo up
        ip -n "$node" addr add "10.77.0.$number/24" dev wire
        ip -n "$node" link set wire up
        if [[ $1 != unlimited ]]; then
            tc -n "$node" qdisc add dev wire root tbf rate "$1" burst 1mb latency 100ms
        fi
        number=$((number + 1))
    done
    # Stands in for ssh: agent HOST COMMAND ...
    agent=$scratch/agent
    cat >"$agent" <<'END'
#!/bin/sh
node=$1
shift
exec ip netns exec "$node" unshare --uts --mount --ipc sh -c \
    'hostname "$0" && mount -t tmpfs tmpfs /dev/shm && exec sh -c "$*"' "$node" "$@"
END
    chmod +x "$agent"
}

# After make_nodes: the processors' own work for the link becomes small, as that for a network card is. What limits the
# link's rate takes a timer and a soft interrupt for each packet: with IPv6 one may have 400,000 bytes (with IPv4 a
# sixth of it), and reno needs no timers of its own.
make_packets_large() {
    local node number=1 reason
    for node in "$node_a" "$node_b"; do
        ip netns exec "$node" sysctl -qw net.ipv4.tcp_congestion_control=reno
        reason=$({ ip -n "$node" addr add "fd77::$number/64" dev wire nodad &&
            ip -n "$node" link set wire gso_max_size 400000 gro_max_size 400000; } 2>&1) ||
            { printf 'skipped: no IPv6 with large packets here: %s\n' "$reason"; exit "$skipped"; }
        number=$((number + 1))
    done
}

# on_node NODE COMMAND ...
on_node() {
    local node=$1 words
    shift
    printf -v words '%q ' "$@"
    "$agent" "$node" "$words"
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
