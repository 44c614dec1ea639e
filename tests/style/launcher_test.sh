#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# longscope.sh, run in a tree of its own with programs in place of apt, dpkg, sudo and cmake that write down how they
# were called. Nothing is installed and nothing is compiled.
# shellcheck source=expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/expect.sh"

checkout="$scratch/a check out"
calls=$scratch/calls
present=$scratch/present  # the packages that our dpkg-query says are installed
user=$scratch/user        # the number that our id prints
export calls present user
mkdir -p "$checkout" "$scratch/bin" "$scratch/link"
cp "$source_root/longscope.sh" "$checkout/"
touch "$checkout/CMakePresets.json"
ln -s "$checkout/longscope.sh" "$scratch/link/ls"

program() {
    cat >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}
program dpkg-query <<'END'
#!/bin/sh
sed 's/$/ installed/' "$present"
exit 1
END
program apt-get <<'END'
#!/bin/sh
echo "apt-get $*" >>"$calls"
case " $* " in
    *' --assume-no '*) echo 'Need to get 1 MB of archives.'; exit 1 ;;
    *' install '*) [ -e "$calls.broken" ] || printf '%s\n' "$@" >>"$present" ;;
esac
END
program id <<'END'
#!/bin/sh
cat "$user"
END
program sudo <<'END'
#!/bin/sh
[ -e "$calls.no-sudo" ] && exit 1
[ "$1" = -n ] && shift
echo "sudo $1" >>"$calls"
exec "$@"
END
# Stands for cmake: configuring leaves the two files that tell that it was done, building a program.
program cmake <<'END'
#!/bin/bash
echo "cmake $*" >>"$calls"
case $1 in
    --preset)
        [ -e "$calls.no-configure" ] && { echo 'CMake Error: no such library'; exit 1; }
        mkdir -p "build/$2/bin"
        printf 'CMAKE_HOME_DIRECTORY:INTERNAL=%s\nLONGSCOPE_TESTS:BOOL=%s\n' "$PWD" "${@: -1:1}" |
            sed 's/-DLONGSCOPE_TESTS=//' >"build/$2/CMakeCache.txt"
        touch "build/$2/build.ninja"
        ;;
    --build)
        [ -e "$calls.no-build" ] && { echo '[1/2] FAILED'; echo 'x.cpp:1: error: mistake'; exit 1; }
        echo '[1/1] Linking'
        printf '#!/bin/sh\necho "engine $* in $(pwd)"\n' >"$2/bin/longscope-engine"
        printf '#!/bin/sh\necho "window of $# in $(pwd)"; printf "<%%s>" "$@"\n' >"$2/bin/longscope"
        chmod +x "$2/bin/longscope-engine" "$2/bin/longscope"
        ;;
esac
END
program cpack <<'END'
#!/bin/sh
echo "cpack $* in $(pwd)" >>"$calls"
[ -e "$calls.no-package" ] && { echo 'CPack Error: no such thing'; exit 1; }
echo 'CPack: Create package'
echo "CPack: - package: $4/longscope_1_any.deb generated."
END
program ctest <<'END'
#!/bin/sh
echo "ctest $* in $(pwd)"
END
export PATH=$scratch/bin:$PATH
unset CTEST_PARALLEL_LEVEL CMAKE_BUILD_PARALLEL_LEVEL DISPLAY WAYLAND_DISPLAY QT_QPA_PLATFORM

all_packages=$(sed -n "s/^\([a-z0-9+-]*\) *|.*| \(build\|window\|test\|package\).*/\1/p" "$source_root/longscope.sh")
launcher=$checkout/longscope.sh
fresh() {  # all packages present except those named, root, nothing built
    rm -rf "$checkout/build" "$calls" "$calls".*
    touch "$calls"
    printf '%s\n' "$all_packages" | grep -v -x -F -f <(printf '%s\n' "${@:-none}") >"$present"
    echo 0 >"$user"
}
expect_calls() { grep -q -e "$1" "$calls" || { output+=$'\n'$(<"$calls"); failed "a call like: $1"; }; }
expect_no_calls() { ! grep -q -e "$1" "$calls" || { output+=$'\n'$(<"$calls"); failed "no call like: $1"; }; }

# Asking and mistaking.
fresh
for ask in help --help -h; do
    run "$launcher" $ask
    expect_code 0
    expect_text 'Usage: ./longscope.sh'
    expect_text '--no-install'
done
run "$launcher" tset
expect_code 2
expect_lines 1
expect_text "unknown command 'tset', and no file of this name"
run "$launcher" build --fast
expect_code 2
expect_lines 1
expect_text "unknown argument '--fast'"
expect_no_calls .

# Refusing to install.
fresh libcairo2-dev libgtest-dev git
run "$launcher" run --no-install
expect_code 2
expect_text 'libcairo2-dev       draws masks'
expect_text 'apt-get install --no-install-recommends -y libcairo2-dev'
expect_no_text libgtest-dev
for order in '--no-install open' 'open --no-install' '--no-install'; do
    # shellcheck disable=SC2086  # words
    run env DISPLAY=:1 "$launcher" $order
    expect_code 2
    expect_text 'apt-get install --no-install-recommends -y libcairo2-dev'
done
run "$launcher" test --no-install
expect_code 2
expect_text 'apt-get install --no-install-recommends -y libcairo2-dev libgtest-dev'
expect_no_calls .
fresh git shellcheck  # not insisted on
run "$launcher" test --no-install
expect_code 0
expect_no_calls apt-get

# What no window needs, without Qt.
fresh qtbase5-dev libqt5charts5-dev libqt5svg5-dev
run "$launcher" build --headless --no-install
expect_code 0
run "$launcher" test --headless --no-install
expect_code 0
run "$launcher" build --no-install
expect_code 2
expect_text 'apt-get install --no-install-recommends -y qtbase5-dev libqt5charts5-dev libqt5svg5-dev'
expect_no_calls 'apt-get'
run "$launcher" run --headless
expect_code 2
expect_text "unknown argument '--headless'"

# Installing as root: what, why and how much first, then apt-get without questions.
fresh libcairo2-dev git
run "$launcher" build
expect_code 0
expect_text 'libcairo2-dev       draws masks'
expect_text 'Need to get 1 MB of archives.'
expect_calls '^apt-get -y .*install --no-install-recommends --no-remove libcairo2-dev git$'
expect_no_calls 'apt-get.*update'
expect_no_calls sudo
fresh libcairo2-dev
touch "$calls.broken"
run "$launcher" build
expect_code 3
expect_text 'installing packages (still missing: libcairo2-dev) failed; the log is '
expect_no_calls cmake

# Installing as somebody else.
fresh libcairo2-dev
echo 1000 >"$user"
run "$launcher" build
expect_code 0
expect_calls '^sudo env$'
expect_calls '^apt-get .*libcairo2-dev$'
fresh libcairo2-dev
echo 1000 >"$user"
touch "$calls.no-sudo"
run "$launcher" build
expect_code 2
expect_text 'Ask an administrator for:'
expect_text 'apt-get install --no-install-recommends -y libcairo2-dev'
expect_no_calls .

# Where there is no dpkg: only what the launcher itself needs is in the path.
fresh
mkdir "$scratch/elsewhere"
for tool in bash readlink dirname sed mkdir stat nproc grep head; do
    ln -s "$(command -v $tool)" "$scratch/elsewhere/$tool"
done
run env PATH="$scratch/elsewhere" "$launcher" build
expect_code 2
expect_text 'there is no dpkg here; the equivalents of these Debian packages are needed:'
expect_text 'libcairo2-dev       draws masks'
expect_text 'cmake is not there'

# Building, and only once configuring.
fresh
run "$launcher" build
expect_code 0
expect_calls '^cmake --preset dev -DLONGSCOPE_TESTS=OFF$'
expect_calls '^cmake --build .*/a check out/build/dev --target app/all -j [1-9]'
: >"$calls"
run "$launcher" build
expect_no_calls 'cmake --preset'
run "$launcher" test -R 'a b'
expect_code 0
expect_calls '^cmake --preset dev -DLONGSCOPE_TESTS=ON$'
expect_text "ctest --preset dev -j $(nproc) -LE ^(peers|soak|fuzz)\$ -R a b in $checkout"
: >"$calls"
run "$launcher" build  # the tests stay configured
expect_no_calls 'cmake --preset'
run "$launcher" test -L soak
expect_no_text -LE
run "$launcher" test --sanitize
expect_calls '^cmake --preset sanitize -DLONGSCOPE_TESTS=ON$'
expect_text 'ctest --preset sanitize'
run "$launcher" test --headless --sanitize
expect_calls '^cmake --preset sanitize-headless -DLONGSCOPE_TESTS=ON$'
expect_calls '^cmake --build .*/build/sanitize-headless --target tests/all '
run "$launcher" test --sanitize --headless -LE fuzz
expect_text "ctest --preset sanitize-headless -j $(nproc) -LE fuzz in $checkout"
run "$launcher" build --headless
expect_code 0
expect_calls '^cmake --preset headless -DLONGSCOPE_TESTS=OFF$'
expect_calls '^cmake --build .*/build/headless --target app/all '
expect_text "the programs lie in $checkout/build/headless/bin"
run "$launcher" test --headless -L unit
expect_calls '^cmake --preset headless -DLONGSCOPE_TESTS=ON$'
expect_text 'ctest --preset headless'
run "$launcher" test --threads
expect_calls '^cmake --build .*/build/threads --target tests/engine/execute/all '
expect_text 'ctest --preset threads'
sed -i 's,^CMAKE_HOME_DIRECTORY.*,CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere,' "$checkout/build/dev/CMakeCache.txt"
run "$launcher" build
expect_text 'this checkout was moved or copied'
expect_calls '^cmake --preset dev --fresh'

# Running: through a symlink, from another folder.
cd / || exit 1
run "$scratch/link/ls" run
expect_code 0
expect_text "engine run resources/experiments/documents-64k-zigzag.json --ranks 4 in $checkout"
cd "$scratch" || exit 1
run "$scratch/link/ls" engine mask stats --help 'x y.json'
expect_lines 1
expect_text "engine mask stats --help x y.json in $scratch"
fresh
run bash -c '"$0" engine devices 2>/dev/null' "$launcher"  # what is built on the way is no output of the engine
expect_calls '^cmake --preset'
expect_lines 1
expect_text "engine devices in $scratch"

# The window: where there is a display, with files as they are named here; else one line, and nothing is done.
fresh
echo '{}' >"$scratch/an experiment.json"
echo '{}' >"$scratch/build"
run "$launcher"
expect_code 2
expect_lines 1
expect_text 'there is no display for the window; without one there are ./longscope.sh run'
run "$launcher" 'an experiment.json'
expect_code 2
expect_lines 1
expect_no_calls .
for display in DISPLAY=:1 WAYLAND_DISPLAY=wayland-0 QT_QPA_PLATFORM=offscreen; do
    run env "$display" "$launcher"
    expect_code 0
    expect_text "window of 0 in $scratch"
done
expect_calls '^cmake --build .*/build/dev --target app/all'
for words in '' open; do
    run env DISPLAY=:1 "$launcher" ${words:+"$words"} 'an experiment.json' --db 'my runs.db'
    expect_text '<an experiment.json><--db><my runs.db>'
done
run env DISPLAY=:1 "$launcher" open build
expect_text '<build>'
run env DISPLAY=:1 "$launcher" build  # a command comes before a file of its name
expect_no_text window
run "$launcher" open --help
expect_text '<--help>'
fresh
run bash -c 'DISPLAY=:1 "$0" 2>/dev/null' "$launcher"
expect_text "window of 0 in $scratch"
expect_no_text configuring

# Packaging: its packages are asked for then, and only then.
fresh file
run "$launcher" build --no-install
expect_code 0
run "$launcher" package --no-install
expect_code 2
expect_text 'apt-get install --no-install-recommends -y file'
run "$launcher" package
expect_code 0
expect_calls '^apt-get .*--no-remove file$'
expect_calls "^cpack -G DEB -B $checkout/build/package in $checkout/build/dev$"
expect_text "apt-get install '$checkout/build/package/longscope_1_any.deb'"
touch "$calls.no-package"
run "$launcher" package
expect_code 3
expect_text 'CPack Error: no such thing'
expect_text 'longscope.sh: packaging failed; the log is '

# Steps that fail.
touch "$calls.no-build"
run "$launcher" build
expect_code 3
expect_text 'x.cpp:1: error: mistake'
expect_text 'longscope.sh: building build/dev failed; the log is '
rm "$calls.no-build"
fresh
touch "$calls.no-configure"
run "$launcher" build
expect_code 3
expect_text 'CMake Error: no such library'
expect_text 'longscope.sh: configuring build/dev failed; the log is '
expect_no_calls 'cmake --build'
finish
