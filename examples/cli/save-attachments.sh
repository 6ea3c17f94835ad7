#!/bin/sh
# Saves the attachments of mail that came since the last run.
#
#   save-attachments.sh imaps://alice@imap.example.org ./attachments
set -eu
mkdir -p "$2"

# Which mail is new is kept in the folder itself; the names of the files written are printed.
fivewire fetch "$1" "attachments:$2" --netrc --quiet -v
