# Homes belong to ftp, the user that Debian's package brings.
set -e
mkdir -p {{data}}/empty
chmod 555 {{data}}/empty
: > {{conf}}/passwords
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  user=${each%%:*} password=${each#*:}
  echo "$user:$(openssl passwd -6 "$password")" >> {{conf}}/passwords
  mkdir -p {{data}}/home/$user
  chown ftp:ftp {{data}}/home/$user
done
