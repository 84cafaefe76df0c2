#!/bin/sh
# onDefineDomain --vmi JSON --domain XML
# Adds a description to the VM's domain, which `virsh desc` shows. An existing description is kept,
# so a second call changes nothing.
set -eu
# Plain text without <, > and &, and without / and \, which are special to sed.
description='Managed by the platform team: ask there before you change it.'

if [ $# -ne 4 ] || [ "$1" != --vmi ] || [ "$3" != --domain ]; then
    echo "usage: onDefineDomain --vmi JSON --domain XML" >&2
    exit 2
fi

case $4 in
*'<description'*)
    printf '%s' "$4"
    ;;
*'</name>'*)
    # After the first name, on its own line if the name has its own line.
    printf '%s' "$4" | sed '
        /<\/name>/ !b
        s/^\([[:space:]]*\)<name>[^<]*<\/name>$/&\
\1<description>'"$description"'<\/description>/
        t rest
        s/<\/name>/&<description>'"$description"'<\/description>/
        :rest
        $ !{
            n
            b rest
        }'
    ;;
*)
    echo "the input has no <name>: is it a domain?" >&2
    exit 1
    ;;
esac
