#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# package_test.sh BUILD_FOLDER VERSION: the Debian package names what it needs and holds what is installed, no more;
# lintian finds no error in it, where there is lintian.
# shellcheck source=../style/expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../style/expect.sh"
build=$1 version=$2
skipped=77
for tool in dpkg-deb dpkg-shlibdeps file; do
    command -v "$tool" >/dev/null || { printf 'skipped: needs %s\n' "$tool"; exit "$skipped"; }
done

cd "$build" || exit 1
run cpack -G DEB -B "$scratch"
expect_code 0
package=$scratch/longscope_${version}_$(dpkg --print-architecture).deb
[[ -f $package ]] || { failed "the package is $package"; finish; }

run dpkg-deb -f "$package"
expect_text "Version: $version"
expect_text 'Section: science'
needed=' libc6 libcairo2 libsqlite3-0 libtbb12 libhwloc15 fonts-dejavu-core'
if [[ -x bin/longscope-worker ]]; then needed+=' openmpi-bin libopenmpi3'; fi
if [[ -x bin/longscope ]]; then needed+=' libqt5widgets5 libqt5charts5 libqt5svg5'; fi
run dpkg-deb -f "$package" Depends
for name in $needed; do expect_text "$name"; done
expect_no_text '-dev'

# As 'cmake --install' has it, and for everybody to read.
cmake --install . --prefix "$scratch/usr" >"$scratch/install.log"
run dpkg-deb -x "$package" "$scratch/unpacked"
run diff <(cd "$scratch/usr" && find . | sort) <(cd "$scratch/unpacked/usr" && find . | sort)
expect_code 0
run find "$scratch/unpacked" -not -perm -a+r -o -perm /022 -not -type l
[[ -z $output ]] || failed 'everybody may read all of it, nobody else may write'
run zcat "$scratch/unpacked/usr/share/doc/longscope/changelog.gz"
expect_text "longscope ($version) "

if command -v lintian >/dev/null; then
    run lintian --fail-on error "$package"
    expect_code 0
fi
finish
