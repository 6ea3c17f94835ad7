# INN's other configuration files stay as Debian ships them. nnrpd refuses a key that others may read.
set -e
cp -rn /etc/news/. {{conf}}/
mkdir -p {{data}}/log/OLD {{data}}/run {{data}}/tmp
mkdir -p {{data}}/spool/articles {{data}}/spool/overview {{data}}/spool/incoming/bad {{data}}/spool/outgoing {{data}}/spool/archive
: > {{conf}}/passwords
names=
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  user=${each%%:*} password=${each#*:}
  echo "$user:$(openssl passwd -6 "$password")" >> {{conf}}/passwords
  printf %s "$password" | saslpasswd2 -p -c -f {{data}}/sasldb "$user"
  names=$names,$user
done
sed -i "s/@USERS@/${names#,}/" {{conf}}/readers.conf
install -m 600 {{key}} {{conf}}/nnrpd.key
: > {{data}}/db/active.times
: > {{data}}/db/history
chown -R news:news {{conf}} {{data}}
cd {{data}}/db
INNCONF={{conf}}/inn.conf setpriv --reuid news --regid news --init-groups /usr/lib/news/bin/makedbz -i -o -s 10000
