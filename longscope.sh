#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Longscope from a bare machine: installs what is missing, configures, builds, and runs. './longscope.sh help' tells more.
set -euo pipefail

root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
experiment=resources/experiments/documents-64k-zigzag.json
exit_bad_input=2
exit_failed=3

# package | why | when: build (always), window (not with --headless), test or package (only for that command); with '?'
# it comes along, but is not insisted on.
package_table='
g++                | compiles C++20                                           | build
cmake              | configures the build                                     | build
ninja-build        | runs the build                                           | build
pkg-config         | finds the libraries that bring no CMake files            | build
nlohmann-json3-dev | reads and writes JSON                                    | build
libfmt-dev         | formats text                                             | build
libcli11-dev       | parses the command line                                  | build
libtbb-dev         | runs kernels on several threads                          | build
libhwy-dev         | vector instructions, chosen at run time                  | build
ocl-icd-opencl-dev | finds the OpenCL devices of this machine                | build
opencl-clhpp-headers | C++ interface of OpenCL                                | build
libsqlitecpp-dev   | C++ interface of the result database                     | build
libsqlite3-dev     | the result database                                      | build
libcairo2-dev      | draws masks and timelines to PNG                         | build
qtbase5-dev        | the window                                               | window
libqt5charts5-dev  | charts in the window                                     | window
libqt5svg5-dev     | icons and SVG files of the window                        | window
qtwayland5         | the window where there is Wayland and no X               | window?
libhwloc-dev       | reads the processor, its caches and cores                | build
libopenmpi-dev     | compiles the MPI worker                                  | build
openmpi-bin        | mpirun, which starts the workers                         | build
fonts-dejavu-core  | the font of the drawings                                 | build
libgtest-dev       | GoogleTest, the test framework                           | test
librapidcheck-dev  | RapidCheck, for tests of properties                      | test
clang-format       | checks the layout of the sources                         | test
shellcheck         | checks the shell scripts (this test is skipped without)  | test?
clang              | builds the fuzz tests (these are skipped without)        | test?
libclang-rt-14-dev | the fuzzer that they are linked with (likewise)          | test?
xvfb               | a display for the test of the window (skipped without)   | test?
x11-utils          | sees whether the window is there (likewise)              | test?
desktop-file-utils | checks the desktop entry (this test is skipped without)  | test?
appstream          | checks what software centres are told (likewise)         | test?
pocl-opencl-icd    | OpenCL on processors, the device of its tests           | test
oclgrind           | checks what kernels read and write (skipped without)      | test?
iproute2           | makes the two nodes of the cluster tests (skipped without) | test?
libopenblas0       | a peer of the kernels (its tests are skipped without)     | test?
libdnnl2           | another one (likewise)                                   | test?
dpkg-dev           | finds what the package depends on                        | package
file               | tells programs from other files (likewise)               | package
git                | tells the revision that results are stored with          | build?
'

usage() {
    cat <<END
Usage: ./longscope.sh [--no-install] [COMMAND | FILE ...]

  open [FILE ...]            install what is missing, build, open the window, with these files in it: experiments,
                             lengths files, result databases; this is what no command, and files alone, do as well
  run                        install what is missing, build, run the first experiment over 4 MPI processes:
                             $experiment
  build [--headless]         install what is missing and build the programs
                             (--headless: those that need no window, without Qt, in build/headless)
  test [--headless] [--sanitize | --threads] [ARGS]
                             install what is missing, build everything, run the tests, but for soak, fuzz and peers
                             (--headless: those of the programs that need no window;
                             --sanitize: with the address and undefined-behaviour sanitizers;
                             both: those of engine, storage and MPI, with these sanitizers;
                             --threads: those of the in-process executor, with the thread sanitizer;
                             ARGS go to ctest, for example: -R mask, -L style)
  package                    install what is missing, build, and make a Debian package of the programs
  engine VERB ...            build quietly, then run longscope-engine VERB ... (engine --help lists the verbs)
  help                       this text

  --no-install   install nothing: if packages are missing, list them and stop with exit code $exit_bad_input

Packages come from apt, as root or through sudo. Programs lie in build/dev/bin, logs in build/logs.
CMAKE_BUILD_PARALLEL_LEVEL and CTEST_PARALLEL_LEVEL set how many jobs run at once.
Exit codes: 0 done, $exit_bad_input bad input, no display or missing packages, $exit_failed failed; otherwise those of the program
that was started.
END
}

# Messages go to descriptor 3, so that 'engine' can keep standard output for the engine alone.
say() { printf '%s\n' "$*" >&3; }

die() {
    local code=$1
    shift
    printf 'longscope.sh: %s\n' "$*" >&2
    exit "$code"
}

# ---- packages ----

# Sets missing (needed, not installed) and optional (not installed, would come along); tests is ON or OFF.
find_missing() {
    local tests=$1 package why when status
    local -a names
    local -A installed=()
    declare -gA why_of=()
    missing=() optional=()
    mapfile -t names < <(sed -n 's/ *|.*//p' <<<"$package_table")
    # dpkg-query ends with 1 when it does not know one of the packages; its list is still complete.
    while read -r package status; do
        if [[ $status == installed ]]; then installed[$package]=yes; fi
    done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${names[@]}" 2>/dev/null || true)
    while IFS='|' read -r package why when; do
        package=${package// /} when=${when// /}
        if [[ -z $package || -n ${installed[$package]:-} || ($when == test* && $tests == OFF) ]]; then continue; fi
        if [[ $when == package && $packaging == no ]]; then continue; fi
        if [[ $when == window* && $window == OFF ]]; then continue; fi
        read -r why <<<"$why"
        why_of[$package]=$why
        if [[ $when == *'?' ]]; then optional+=("$package"); else missing+=("$package"); fi
    done <<<"$package_table"
}

list_packages() {
    local package
    for package in "$@"; do
        printf '  %-19s %s\n' "$package" "${why_of[$package]}"
    done
}

# The same, one package each line, and how to get them in one line; to standard error.
refuse_to_install() {
    {
        printf 'longscope.sh: packages are missing:\n'
        list_packages "${missing[@]}"
        printf '%s\n  apt-get install --no-install-recommends -y %s\n' "$1" "${missing[*]}"
    } >&2
    exit "$exit_bad_input"
}

# Sets as_root to the words that make a command run as root.
become_root() {
    as_root=()
    [[ $(id -u) == 0 ]] && return
    as_root=(sudo)
    command -v sudo >/dev/null ||
        refuse_to_install 'Nothing was installed: this needs root, and sudo is not there. Ask an administrator for:'
    sudo -n true 2>/dev/null && return
    if [[ -t 0 ]]; then
        say 'longscope.sh: sudo asks for your password, to install the packages listed below.'
        list_packages "${missing[@]}" "${optional[@]}" >&3
        sudo -v && return
    fi
    refuse_to_install 'Nothing was installed: this needs root, and sudo refused. Ask an administrator for:'
}

run_apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -y -o DPkg::Lock::Timeout=120 \
        -o APT::Status-Fd=1 "$@" 2>&1 </dev/null | show_apt "$logs/install.log"
}

# The two lines of apt that say how much it would download and unpack; fails when apt cannot tell.
plan_install() {
    local plan
    plan=$(LC_ALL=C apt-get -o Debug::NoLocking=1 --assume-no --no-install-recommends --no-remove install "$@" \
        2>&1 </dev/null || true)
    grep -E '^(Need to get|After this operation)' <<<"$plan"
}

install_missing() {
    if [[ $install == no ]]; then
        refuse_to_install 'Nothing was installed, as --no-install asks. To install them, as root:'
    fi
    command -v apt-get >/dev/null || refuse_to_install 'There is no apt-get here; on Debian they come with:'
    become_root
    make_logs
    : >"$logs/install.log"
    local -a wanted=("${missing[@]}" "${optional[@]}")
    say 'longscope.sh: installing these packages, with what they need:'
    list_packages "${wanted[@]}" >&3
    local size
    if ! size=$(plan_install "${wanted[@]}"); then
        say '  (reading the lists of packages first)'
        run_apt update || true  # one broken source among several is no reason to stop
        if ! size=$(plan_install "${wanted[@]}"); then
            LC_ALL=C apt-get -s install "${wanted[@]}" >>"$logs/install.log" 2>&1 </dev/null || true
            fail_step 'finding the packages (Debian 12 has them all)' install.log '^[EW]:'
        fi
    fi
    say "$size"
    local -a step=(install --no-install-recommends --no-remove "${wanted[@]}")
    if ! run_apt "${step[@]}"; then  # lists that are too old name files that are gone
        say '  (once more, with fresh lists of packages)'
        { run_apt update && run_apt "${step[@]}"; } || fail_step 'installing packages' install.log '^E:'
    fi
}

need_packages() {
    local tests=$1
    find_missing "$tests"
    if command -v dpkg-query >/dev/null; then
        [[ ${#missing[@]} == 0 ]] && return
        install_missing
        find_missing "$tests"
        [[ ${#missing[@]} == 0 ]] || fail_step "installing packages (still missing: ${missing[*]})" install.log '^E:'
        return
    fi
    # Not Debian: we cannot see what is there, so we say once what it takes, and go on if the tools are.
    [[ -e $build/build.ninja ]] && return
    {
        printf 'longscope.sh: there is no dpkg here; the equivalents of these Debian packages are needed:\n'
        list_packages "${missing[@]}"
    } >&2
    local tool
    for tool in cmake ninja pkg-config; do
        command -v "$tool" >/dev/null || die "$exit_bad_input" "$tool is not there; install the equivalents of the above"
    done
}

# ---- progress and logs ----

make_logs() {
    mkdir -p "$logs" 2>/dev/null || true
    if [[ -w $logs && -w $root/build ]]; then return; fi
    die "$exit_failed" "cannot write to $root/build (owner: $(stat -c %U "$root/build" 2>/dev/null || stat -c %U "$root"))"
}

# fail_step WHAT LOG [PATTERN]: the lines of the log that say why, then what failed and where the log is.
fail_step() {
    local what=$1 log=$logs/$2 pattern=${3:-}
    if [[ -n $pattern ]]; then grep -E -A 3 "$pattern" "$log" 2>/dev/null | head -n 20 >&2 || true; fi
    die "$exit_failed" "$what failed; the log is ${log#"$PWD"/}"
}

# One line of progress: in place on a terminal; elsewhere one line each tenth of the way, or none.
tenth=-1
tick() {
    local percent=$1 text=$2
    if [[ $progress == in_place ]]; then
        printf '\r\033[K%s' "${text:0:columns-1}" >&3
    elif [[ $progress == lines ]] && ((percent / 10 > tenth)); then
        tenth=$((percent / 10))
        say "$text"
    fi
}

clear_tick() { if [[ $progress == in_place ]]; then printf '\r\033[K' >&3; fi; }

# Shows ninja's lines "[n/m] what" as progress and all others whole; keeps all in the log.
show_build() {
    local line
    while IFS= read -r line || [[ -n $line ]]; do
        printf '%s\n' "$line"
        if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]]; then
            # These run at every build, so they are no news.
            [[ ${BASH_REMATCH[3]} == 'Reading the revision' || ${BASH_REMATCH[3]} == 'Re-checking globbed'* ]] && continue
            tick $((100 * BASH_REMATCH[1] / BASH_REMATCH[2])) "$line"
        elif [[ $line != 'ninja: no work to do.' && $line != '-- '* ]]; then
            clear_tick
            say "$line"
        fi
    done >"$1"
    clear_tick
}

# Shows apt's status lines "dlstatus:n:percent:what" as progress, and adds all others to the log.
show_apt() {
    local line phase last=''
    while IFS= read -r line || [[ -n $line ]]; do
        if [[ $line =~ ^(dlstatus|pmstatus):[^:]*:?[^:]*:([0-9]+)[0-9.]*:(.*) ]]; then
            phase=${BASH_REMATCH[1]/dlstatus/download} phase=${phase/pmstatus/install}
            [[ $phase == "$last" ]] || tenth=-1
            last=$phase
            tick "${BASH_REMATCH[2]}" "$(printf '  %s %3d %%  %s' "$phase" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}")"
        else
            printf '%s\n' "$line"
        fi
    done >>"$1"
    clear_tick
}

# ---- building ----

# As many as there are cores, and no more than memory carries: a compilation takes up to about 1.5 GiB.
count_jobs() {
    local cores kib limit
    cores=$(nproc)
    kib=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo 2>/dev/null || true)
    if [[ -r /sys/fs/cgroup/memory.max ]] && limit=$(</sys/fs/cgroup/memory.max) && [[ $limit =~ ^[0-9]{1,18}$ ]]; then
        if [[ -z $kib ]] || ((limit / 1024 < kib)); then kib=$((limit / 1024)); fi
    fi
    jobs=$cores
    if [[ -n $kib ]] && ((kib / 1572864 < jobs)); then jobs=$((kib / 1572864)); fi
    if ((jobs < 1)); then jobs=1; fi
    jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$jobs}
}

cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt" 2>/dev/null || true; }

# Configures when it has not been done, for this place, with the tests that are asked for (ON or OFF).
configure() {
    local tests=$1 log=$preset-configure.log
    local -a arguments=(--preset "$preset")
    if [[ -e $build/CMakeCache.txt && $(cached CMAKE_HOME_DIRECTORY) != "$root" ]]; then
        say 'longscope.sh: this checkout was moved or copied; configuring it anew'
        arguments+=(--fresh)
    elif [[ -e $build/build.ninja && ! $root/CMakePresets.json -nt $build/build.ninja ]]; then
        local before
        before=$(cached LONGSCOPE_TESTS)
        if [[ $before == ON && $tests == OFF ]] && command -v dpkg-query >/dev/null; then
            # Tests that were configured before stay, unless their packages have gone since.
            find_missing ON
            if [[ ${#missing[@]} == 0 ]]; then tests=ON; fi
        fi
        if [[ $before == "$tests" ]]; then return; fi
    fi
    say "longscope.sh: configuring ${build#"$root"/}"
    (cd "$root" && cmake "${arguments[@]}" -DLONGSCOPE_TESTS="$tests") >"$logs/$log" 2>&1 ||
        fail_step "configuring ${build#"$root"/}" "$log" 'CMake Error'
}

# build_targets TESTS TARGET: brings the packages, the configuration and the target up to date.
build_targets() {
    local tests=$1 target=$2 log=$preset-build.log
    need_packages "$tests"
    make_logs
    # Two builds in one folder would write over each other.
    if command -v flock >/dev/null; then
        exec 9>"$root/build/longscope.lock"
        flock -n 9 || { say 'longscope.sh: waiting for another longscope.sh that is building'; flock 9; }
    fi
    configure "$tests"
    count_jobs
    NINJA_STATUS='[%f/%t] ' cmake --build "$build" --target "$target" -j "$jobs" 2>&1 9>&- | show_build "$logs/$log" ||
        fail_step "building ${build#"$root"/}" "$log"
    exec 9>&-
}

# ---- commands ----

run_main_job() {
    build_targets OFF app/all
    say "longscope.sh: longscope-engine run $experiment --ranks 4"
    cd "$root"
    exec build/dev/bin/longscope-engine run "$experiment" --ranks 4 3>&-
}

# Before anything is installed or built: a window needs a display. Qt can be told to do without.
need_display() {
    [[ -z ${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-} ]] || return 0
    die "$exit_bad_input" "there is no display for the window; without one there are ./longscope.sh run (the first" \
        "experiment), engine VERB (the command line), test and help"
}

open_window() {
    case ${1:-} in
        --help | -h | --version) ;;
        *) need_display ;;
    esac
    build_targets OFF app/all
    [[ -x $build/bin/longscope ]] || die "$exit_failed" "build/dev is configured without the window (LONGSCOPE_DESKTOP)"
    exec "$build/bin/longscope" "$@" 3>&-
}

run_tests() {
    local argument
    local -a labels=(-LE '^(peers|soak|fuzz)$') parallel=()
    for argument in "$@"; do
        [[ $argument == -L* || $argument == --label-* ]] && labels=()
    done
    if [[ $preset == threads ]]; then
        # Of all that runs in threads of our own; the other programs are not built.
        build_targets ON tests/engine/execute/all
    elif [[ $preset == sanitize-headless ]]; then
        build_targets ON tests/all
    else
        build_targets ON all
    fi
    [[ -n ${CTEST_PARALLEL_LEVEL:-} ]] || parallel=(-j "$(nproc)")
    cd "$root"
    exec ctest --preset "$preset" "${parallel[@]}" "${labels[@]}" "$@" 3>&-
}

make_package() {
    local log=$logs/package.log package
    packaging=yes
    build_targets OFF app/all
    say 'longscope.sh: packaging'
    (cd "$build" && cpack -G DEB -B "$root/build/package") >"$log" 2>&1 || fail_step packaging package.log 'CPack Error'
    package=$(sed -n 's/^CPack: - package: \(.*\) generated\.$/\1/p' "$log")
    say "longscope.sh: packaged; as root, this installs it: apt-get install '$package'"
}

use_preset() {
    preset=$1 build=$root/build/$1 window=ON
    if [[ $preset == *headless || $preset == threads ]]; then window=OFF; fi
}

main() {
    logs=$root/build/logs
    install=yes packaging=no
    use_preset dev
    exec 3>&1
    while [[ ${1:-} == --no-install ]]; do
        install=no
        shift
    done
    local verb=${1:-open} argument
    if [[ $# != 0 ]]; then
        case $verb in
            open | run | build | test | package | engine | help | --help | -h) shift ;;
            # Words that are no command are files, or mistyped.
            *) if [[ -f $verb ]]; then verb=open; else shift; fi ;;
        esac
    fi
    local -a rest=()
    if [[ $verb == engine ]]; then
        rest=("$@")
        exec 3>&2
    else
        if [[ $verb == open ]]; then exec 3>&2; fi
        for argument in "$@"; do
            if [[ $argument == --no-install ]]; then
                install=no
            elif [[ $argument == --headless && ($verb == build || $verb == test) ]]; then
                if [[ $preset == sanitize ]]; then use_preset sanitize-headless; else use_preset headless; fi
            elif [[ $argument == --sanitize && $verb == test ]]; then
                if [[ $preset == headless ]]; then use_preset sanitize-headless; else use_preset sanitize; fi
            elif [[ $argument == --threads && $verb == test ]]; then
                use_preset threads
            elif [[ $verb == test || $verb == open ]]; then
                rest+=("$argument")
            else
                die "$exit_bad_input" "unknown argument '$argument' (see ./longscope.sh help)"
            fi
        done
    fi
    progress=lines columns=80
    if [[ -t 3 && ${TERM:-dumb} != dumb ]]; then
        progress=in_place
        columns=$(tput cols 2>/dev/null || echo 80)
    elif [[ $verb == engine ]]; then
        progress=none
    fi
    case $verb in
        open) open_window "${rest[@]}" ;;
        run) run_main_job ;;
        build)
            build_targets OFF app/all
            say "longscope.sh: built; the programs lie in $build/bin"
            ;;
        package) make_package ;;
        test) run_tests "${rest[@]}" ;;
        engine)
            build_targets OFF app/all
            exec "$build/bin/longscope-engine" "${rest[@]}" 3>&-
            ;;
        help | --help | -h) usage ;;
        *) die "$exit_bad_input" "unknown command '$verb', and no file of this name; known are open, run, build, test," \
            "package, engine and help" ;;
    esac
}

main "$@"
