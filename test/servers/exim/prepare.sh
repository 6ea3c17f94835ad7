# Users are virtual: names and passwords in a file that Exim looks into. It reads its key as its own user.
set -e
mkdir -p {{conf}} {{data}}/spool {{data}}/log
: > {{conf}}/passwords
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  echo "${each%%:*}: ${each#*:}" >> {{conf}}/passwords
done
chown root:Debian-exim {{conf}}/passwords
chmod 640 {{conf}}/passwords
chown -R Debian-exim:Debian-exim {{data}}
