# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
: < /dev/tcp/127.0.0.1/26145
: < /dev/tcp/127.0.0.1/26996
: < /dev/tcp/127.0.0.1/26112
: < /dev/tcp/127.0.0.1/26997
: < /dev/tcp/127.0.0.1/26121
: < /dev/tcp/127.0.0.1/26564
