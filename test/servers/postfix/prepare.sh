# The queue's root belongs to root, and check makes what lies below it; the data directory belongs to postfix.
# master is started directly: "postfix start-fg" would put a shell above it, which does not pass signals on.
set -e
mkdir -p {{data}}/queue {{data}}/lib
chown root:root {{conf}} {{data}}/queue
chown postfix:postfix {{data}}/lib
: > {{conf}}/mailboxes
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  echo "${each%%:*}@example.test ok" >> {{conf}}/mailboxes
done
postfix -c {{conf}} check
