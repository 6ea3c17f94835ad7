#!/bin/sh
# Mails a file, and tells by its exit status whether everybody gets it: for cron, silent when all went well.
#
#   send-report.sh smtps://alice@smtp.example.org report.csv alice@example.org bob@example.net …
set -eu
url=$1 file=$2 from=$3
shift 3
for address; do set -- "$@" --to "$address"; shift; done

# Asked before anything is sent: a mistyped address then stops it for all.
fivewire send "$url" --netrc --quiet --dry-run --from "$from" "$@" > /dev/null
fivewire send "$url" --netrc --retry 3 --from "$from" "$@" \
  --subject "Report of $(date +%F)" --text 'The report is attached.' --attach "$file"
