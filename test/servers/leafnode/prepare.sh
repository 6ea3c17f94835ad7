# The spool is where Debian has it.
set -e
chown -R news:news /etc/news/leafnode /var/spool/news
