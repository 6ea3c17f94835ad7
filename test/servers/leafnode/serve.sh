# Serves readers as soon as the list of groups is here.
until setpriv --reuid news --regid news --init-groups fetchnews; grep -q fivewire /var/spool/news/leaf.node/groupinfo; do sleep 1; done
exec socat TCP-LISTEN:{{nntp}},bind={{listen}},fork,reuseaddr EXEC:/usr/sbin/leafnode,su=news,nofork
