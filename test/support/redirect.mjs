// Loaded before a README's example: whatever it dials at example.org is one of the test's servers on loopback.
// The example itself is run as it is printed; NODE_EXTRA_CA_CERTS makes it trust their throwaway CA.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

// Read anew each time: a process that runs many programs gives each its own environment.
/** Port → the port of the test server. */
const ports = () => JSON.parse(process.env.FIVEWIRE_TEST_PORTS);
/** Hosts that stand for loopback, `*.example.org` beside them. */
const hosts = () => (process.env.FIVEWIRE_TEST_HOSTS ?? '').split(' ');
const isOurs = (host) => String(host).endsWith('.example.org') || hosts().includes(host);
const { connect } = Socket.prototype;
const { lookup } = dns;
const loopback = { address: '127.0.0.1', family: 4 };

dns.lookup = (host, options, callback = options) => {
  if (!isOurs(host)) return lookup(host, options, callback);
  if (options?.all) process.nextTick(callback, null, [loopback]);
  else process.nextTick(callback, null, loopback.address, loopback.family);
};
const { lookup: ask } = dns.promises;
dns.promises.lookup = async (host, options) => {
  if (!isOurs(host)) return ask(host, options);
  return options?.all ? [loopback] : loopback;
};
// Some libraries ask DNS themselves.
for (const family of [4, 6]) {
  const resolve = (host, options, callback = options) =>
    process.nextTick(callback, null, family === 4 && isOurs(host) ? [loopback.address] : []);
  dns[`resolve${family}`] = resolve;
  dns.Resolver.prototype[`resolve${family}`] = resolve;
}
syncBuiltinESMExports();

Socket.prototype.connect = function redirected(...args) {
  if (typeof args[0] === 'number') args.splice(0, 2, { port: args[0], host: args[1] });
  // node:net calls itself with its normalised arguments in one array.
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (isOurs(options?.host) || options?.host === loopback.address) {
    options.port = ports()[options.port] ?? options.port;
    options.host = loopback.address;
  }
  return connect.apply(this, args);
};
