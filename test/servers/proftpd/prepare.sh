# Users are virtual: a password file of ours, homes of nobody's.
set -e
: > {{conf}}/passwords
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  user=${each%%:*} password=${each#*:}
  mkdir -p {{data}}/home/$user
  chown nobody:nogroup {{data}}/home/$user
  echo "$user:$(openssl passwd -6 "$password"):$(id -u nobody):$(id -g nobody)::{{data}}/home/$user:/bin/sh" >> {{conf}}/passwords
done
chmod 600 {{conf}}/passwords
