# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
: < /dev/tcp/127.0.0.1/26143
: < /dev/tcp/127.0.0.1/26993
: < /dev/tcp/127.0.0.1/26110
: < /dev/tcp/127.0.0.1/26995
: < /dev/tcp/127.0.0.1/26024
: < /dev/tcp/127.0.0.1/26124
: < /dev/tcp/127.0.0.1/26588
: < /dev/tcp/127.0.0.1/26466
: < /dev/tcp/127.0.0.1/26190
: < /dev/tcp/127.0.0.1/26012
