# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
: < /dev/tcp/127.0.0.1/26589
: < /dev/tcp/127.0.0.1/26467
