#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What menus, software centres and icon themes read of us: sound by their own tools (skipped without them), and under
# one name everywhere.
# shellcheck source=../style/expect.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../style/expect.sh"
skipped=77
id=org.longscope.Longscope
folder=$source_root/resources/desktop

holds() {
    command_line="grep $1 $2" output='' code=0
    grep -q -F -e "$1" "$source_root/$2" || failed "$2 holds: $1"
}
[[ -f $source_root/resources/icons/$id.svg ]] || { printf 'there is no icon of the name %s\n' "$id"; exit 1; }
holds "Icon=$id" "resources/desktop/$id.desktop"
holds "<id>$id</id>" "resources/desktop/$id.metainfo.xml"
holds "$id.desktop</launchable>" "resources/desktop/$id.metainfo.xml"
holds "$id" app/desktop/main.cpp
holds "$id.svg" app/desktop/application_icon.cpp
for type in application/json application/vnd.sqlite3; do
    holds "$type;" "resources/desktop/$id.desktop"
    holds "<mediatype>$type</mediatype>" "resources/desktop/$id.metainfo.xml"
done

missing=
if command -v desktop-file-validate >/dev/null; then
    run desktop-file-validate "$folder/$id.desktop"
    expect_code 0
    [[ -z $output ]] || failed 'no remarks'
else
    missing+=' desktop-file-validate'
fi
if command -v appstreamcli >/dev/null; then
    run appstreamcli validate --no-net "$folder/$id.metainfo.xml"
    expect_code 0
else
    missing+=' appstreamcli'
fi
if ((failures == 0)) && [[ -n $missing ]]; then
    printf 'skipped in part: needs%s\n' "$missing"
    exit "$skipped"
fi
finish
