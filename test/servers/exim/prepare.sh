# Users are virtual: names and passwords in a file that Exim looks into. Its own user, which its package would make, is one by nss_wrapper
# where there is none. It reads its key as that user.
set -e
mkdir -p {{conf}} {{data}}/spool {{data}}/log
cp /etc/passwd {{conf}}/passwd
cp /etc/group {{conf}}/group
if ! grep -q '^Debian-exim:' {{conf}}/passwd; then
  id=60001
  while getent passwd $id > /dev/null || getent group $id > /dev/null; do id=$((id + 1)); done
  echo "Debian-exim:x:$id:$id::/nonexistent:/usr/sbin/nologin" >> {{conf}}/passwd
  echo "Debian-exim:x:$id:" >> {{conf}}/group
fi
: > {{conf}}/passwords
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  echo "${each%%:*}: ${each#*:}" >> {{conf}}/passwords
done
cp {{key}} {{conf}}/key.pem
chmod 640 {{conf}}/passwords {{conf}}/key.pem
user=$(sed -n 's/^Debian-exim:[^:]*:\([^:]*:[^:]*\):.*/\1/p' {{conf}}/passwd)
chown $user {{conf}}/passwords {{conf}}/key.pem
chown -R $user {{data}}
# Set-uid, it would be run without nss_wrapper.
chmod 755 {{root}}/usr/sbin/exim4
