#!/bin/sh
# Appends the articles of newsgroups that are not there yet to an mbox file each.
#
#   archive-newsgroup.sh nntps://alice@news.example.org ./archive 'misc.test,comp.*'
set -eu
mkdir -p "$2"
fivewire news groups "$1" --wildmat "$3" --netrc |
  while read -r group; do
    # stdin is the list of groups: it is not for fivewire.
    fivewire news get "$1/$group" "mbox:$2/$group.mbox" --netrc --quiet < /dev/null
  done
