# Dovecot's auth workers and mail processes are other users than the one that starts it.
set -e
mkdir -p {{data}}/run {{data}}/state {{data}}/mail
chown mail:mail {{data}}/mail
: > {{conf}}/users
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  user=${each%%:*} password=${each#*:}
  echo "$user:{PLAIN}$password" >> {{conf}}/users
done
