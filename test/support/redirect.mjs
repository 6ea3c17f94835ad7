// Loaded before a README's example: whatever it dials at example.org is one of the test's servers on loopback.
// The example itself is run as it is printed; NODE_EXTRA_CA_CERTS makes it trust their throwaway CA.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

/** `"host:port"` or `"port"` → the port of the test server. */
const ports = JSON.parse(process.env.FIVEWIRE_TEST_PORTS);
const { connect } = Socket.prototype;
const { lookup } = dns;
const loopback = { address: '127.0.0.1', family: 4 };

dns.lookup = (host, options, callback = options) => {
  if (!String(host).endsWith('.example.org')) return lookup(host, options, callback);
  if (options?.all) process.nextTick(callback, null, [loopback]);
  else process.nextTick(callback, null, loopback.address, loopback.family);
};
syncBuiltinESMExports();

Socket.prototype.connect = function redirected(...args) {
  // node:net calls itself with its normalised arguments in one array.
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof options?.host === 'string' && /\.example\.org$|^127\.0\.0\.1$/.test(options.host)) {
    options.port = ports[options.port] ?? options.port;
    options.host = loopback.address;
  }
  return connect.apply(this, args);
};
