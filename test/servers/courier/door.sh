# door.sh imapd|imapd-ssl|pop3d|pop3d-ssl PORT: what Courier's own scripts start, in the foreground.
set -a
door=$1 port=$2
. /etc/courier/${door%-ssl}
. /etc/courier/${door%-ssl}-ssl
IMAP_CAPABILITY_TLS="$IMAP_CAPABILITY AUTH=PLAIN"
POP3AUTH_TLS="LOGIN PLAIN"
IMAP_TLS_REQUIRED=0 POP3_TLS_REQUIRED=0
TLS_CERTFILE={{conf}}/both.pem TLS_CACHEFILE= TLS_TRUSTCERTS=
case $door in
  *-ssl) IMAP_TLS=1 POP3_TLS=1 tls="/usr/bin/couriertls -server -tcpd -user=courier" ;;
  *) IMAP_STARTTLS=YES POP3_STARTTLS=YES IMAP_TLS_REQUIRED=1 POP3_TLS_REQUIRED=1 tls= ;;
esac
case $door in
  imapd*) serve="/usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir" ;;
  *) serve="/usr/lib/courier/courier/courierpop3login /usr/lib/courier/courier/courierpop3d Maildir" ;;
esac
exec /usr/sbin/couriertcpd -address=0 -maxprocs=40 -maxperip=40 -nodnslookup -noidentlookup "$port" $tls $serve
