# Users are virtual: a database of Pure-FTPd's own, homes of nobody's. Its own hashes are made to take long: crypt's will do.
set -e
mkdir -p {{conf}}
cat {{key}} {{certificate}} > {{conf}}/both.pem
chmod 600 {{conf}}/both.pem
: > {{conf}}/passwords
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  user=${each%%:*} password=${each#*:}
  mkdir -p {{data}}/home/$user
  chown nobody:nogroup {{data}}/home/$user
  echo "$user:$(openssl passwd -6 "$password"):$(id -u nobody):$(id -g nobody)::{{data}}/home/$user/./::::::::::::" >> {{conf}}/passwords
done
{{root}}/usr/bin/pure-pw mkdb {{conf}}/users.pdb -f {{conf}}/passwords
