#!/bin/sh
# Downloads a directory tree by FTP over TLS, and tries again when the line breaks. Prints each file once it is whole.
#
#   download-tree.sh ftps://alice@ftp.example.org/pub ./pub
set -eu
fivewire get --recursive "$1" "$2" --netrc --retry 3 -v
