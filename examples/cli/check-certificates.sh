#!/bin/sh
# Checks the certificates of a list of servers, a URL a line. Exit status 1 if one is refused or ends in less than 20 days.
#
#   check-certificates.sh servers.txt
set -u
status=0
while read -r url; do
  case $url in '' | '#'*) continue ;; esac
  # What is wrong is on stderr. stdin is the list: it is not for fivewire.
  if trouble=$(fivewire tls "$url" --warn-days 20 2>&1 > /dev/null < /dev/null); then
    echo "ok      $url"
  else
    echo "FAILED  $url: $(echo "$trouble" | head -n 1)"
    status=1
  fi
done < "$1"
exit $status
