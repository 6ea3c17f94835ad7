# Users are virtual: Courier's own database of them, homes of the user mail.
set -e
mkdir -p {{conf}} /run/courier/authdaemon
chown courier:courier /run/courier /run/courier/authdaemon
cat {{key}} {{certificate}} > {{conf}}/both.pem
chown courier:courier {{conf}}/both.pem
chmod 600 {{conf}}/both.pem
sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' /etc/courier/authdaemonrc
rm -f /etc/courier/userdb
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  user=${each%%:*} password=${each#*:}
  home={{data}}/home/$user
  mkdir -p "$home"
  [ -d "$home/Maildir" ] || maildirmake.courier "$home/Maildir"
  chown -R mail:mail "$home"
  printf '%s\tuid=%s|gid=%s|home=%s|systempw=%s\n' \
    "$user" "$(id -u mail)" "$(id -g mail)" "$home" "$(openssl passwd -6 "$password")" >> /etc/courier/userdb
done
chmod 700 /etc/courier
chmod 600 /etc/courier/userdb
makeuserdb
chmod 755 /etc/courier
