# Users live in Cyrus SASL's own database; all files belong to the user that the daemons change to.
set -e
for directory in lib/db lib/socket lib/proc lib/log lib/msg lock mail news socket proc; do
  mkdir -p {{data}}/$directory
done
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret} cyrus:secret; do
  user=${each%%:*} password=${each#*:}
  echo "$password" | saslpasswd2 -p -c -f {{conf}}/sasldb2 -u mail.example.test "$user"
done
cp {{certificate}} {{conf}}/certificate.pem
cp {{key}} {{conf}}/key.pem
chown -R nobody:nogroup {{conf}} {{data}}
chmod 600 {{conf}}/key.pem
