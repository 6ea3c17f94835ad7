# Users are virtual. OpenSMTPD refuses a key that others may read, and finds hosts from within its empty root.
set -e
mkdir -p {{conf}}
install -m 600 {{key}} {{conf}}/server.key
install -m 644 {{certificate}} {{conf}}/server.pem
: > {{conf}}/passwords
: > {{conf}}/recipients
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  echo "${each%%:*} $(openssl passwd -6 "${each#*:}")" >> {{conf}}/passwords
  echo "${each%%:*}@example.test" >> {{conf}}/recipients
done
