# Homes belong to ftp, the user that Debian's package brings.
set -e
mkdir -p {{data}}/empty
chmod 555 {{data}}/empty
: > {{conf}}/passwords
for user in alice bob; do
  echo "$user:$(openssl passwd -6 secret)" >> {{conf}}/passwords
  mkdir -p {{data}}/home/$user
  chown ftp:ftp {{data}}/home/$user
done
