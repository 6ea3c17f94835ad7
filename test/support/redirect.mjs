// Loaded before a README's example: whatever it dials at example.org is one of the test's servers on loopback.
// The example itself is run as it is printed; NODE_EXTRA_CA_CERTS makes it trust their throwaway CA.
import { Socket } from 'node:net';

/** `"host:port"` or `"port"` → the port of the test server. */
const ports = JSON.parse(process.env.FIVEWIRE_TEST_PORTS);
const { connect } = Socket.prototype;

Socket.prototype.connect = function redirected(...args) {
  // node:net calls itself with its normalised arguments in one array.
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof options?.host === 'string' && options.host.endsWith('.example.org')) {
    options.port = ports[options.port] ?? options.port;
    options.host = '127.0.0.1';
  }
  return connect.apply(this, args);
};
