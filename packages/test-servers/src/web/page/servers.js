// Files, connections, faults and the servers themselves.
import { announce, clock, fill, get, h, path, place, post, size } from './dom.js';

/** The FTP tree, a folder at a time. */
export async function filesView(main, parts) {
  const here = `/${parts.join('/')}`;
  const { entries } = await get(path('/api/files', { path: here }));
  const crumbs = ['/', ...parts].map((name, depth) =>
    h(
      'li',
      {},
      h(
        'a',
        {
          href: place('files', ...parts.slice(0, depth)),
          'aria-current': depth === parts.length ? 'page' : undefined,
        },
        name,
      ),
    ),
  );
  const rows = entries.map(({ name, kind, octets, modified }) => {
    const whole = `${here === '/' ? '' : here}/${name}`;
    const href =
      kind === 'folder' ? place('files', ...parts, name) : path('/api/file', { path: whole });
    return h(
      'tr',
      {},
      h(
        'td',
        {},
        h(
          'a',
          { href, download: kind === 'file' ? name : undefined },
          kind === 'folder' ? `${name}/` : name,
        ),
      ),
      h('td', {}, kind === 'folder' ? 'folder' : size(octets)),
      h('td', {}, new Date(modified).toLocaleString()),
    );
  });
  fill(
    main,
    h(
      'div',
      { class: 'page' },
      h('h2', {}, 'Files of the FTP server'),
      h('nav', { 'aria-label': 'Folder' }, h('ul', {}, crumbs)),
      entries.length === 0
        ? h('p', { class: 'faint' }, 'An empty folder.')
        : table(here, ['Name', 'Size', 'Changed'], rows),
    ),
  );
}

const table = (caption, names, rows) =>
  h(
    'table',
    {},
    h('caption', {}, caption),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        names.map((name) => h('th', { scope: 'col' }, name)),
      ),
    ),
    h('tbody', {}, rows),
  );

/** Every connection, and what was said on one of them. */
export async function connectionsView(main, [protocol, number]) {
  const all = await get('/api/connections');
  let grid = main.querySelector('[data-kind="connections"]');
  if (!grid) {
    grid = h(
      'div',
      { class: 'panes two', 'data-kind': 'connections' },
      h('section', { 'aria-label': 'Connections' }),
      h('section', { 'aria-label': 'Dialogue' }),
    );
    main.replaceChildren(grid);
  }
  const [list, detail] = grid.children;
  fill(
    list,
    all.length === 0
      ? h('p', { class: 'faint' }, 'No connection yet.')
      : table(
          `Connections (${all.length})`,
          ['Connection', 'User', 'TLS', 'State'],
          all.map((one) => {
            const href = place('connections', one.protocol, one.number);
            const isHere = one.protocol === protocol && String(one.number) === number;
            return h(
              'tr',
              { class: isHere ? 'chosen' : '' },
              h(
                'td',
                {},
                h(
                  'a',
                  { href, 'aria-current': isHere ? 'true' : undefined },
                  `${one.protocol.toUpperCase()} ${one.number}`,
                ),
                ` ${one.mode}`,
              ),
              h('td', {}, one.user ?? ''),
              h(
                'td',
                { class: one.tlsError ? 'bad' : '' },
                one.tls?.version ?? one.tlsError ?? 'none',
              ),
              h('td', {}, one.closed ? 'closed' : 'open'),
            );
          }),
        ),
  );
  if (protocol === undefined)
    return fill(
      detail,
      h('p', { class: 'faint' }, 'Choose a connection to see what was said. Secrets are masked.'),
    );
  const { transcript } = await get(path('/api/connection', { protocol, number }));
  const who = { client: 'C', server: 'S', note: '·' };
  const spoken = { client: 'client', server: 'server', note: 'note' };
  fill(
    detail,
    h('h2', {}, `${protocol.toUpperCase()} ${number}`),
    h(
      'ol',
      { class: 'wire', 'aria-label': 'Dialogue' },
      transcript.map(({ from, text, time }) =>
        h(
          'li',
          { class: from, title: clock(time) },
          h('span', { class: 'who', 'aria-hidden': 'true' }, who[from]),
          h('span', { class: 'unseen' }, `${spoken[from]}: `),
          h('span', {}, text),
        ),
      ),
    ),
  );
}

const protocols = ['imap', 'smtp', 'pop3', 'ftp', 'nntp'];
const fields = [
  ['latency', 'Milliseconds before each answer', 'number'],
  ['stallAt', 'Falls silent after so many octets', 'number'],
  ['cutAfter', 'Is cut after so many octets', 'number'],
  ['octetByOctet', 'Sends each octet by itself', 'checkbox'],
  ['withoutCloseNotify', 'Ends TLS without close_notify', 'checkbox'],
  ['refuseStartTls', 'Line that refuses STARTTLS', 'text'],
  ['greeting', 'Greeting', 'text'],
];

/** Switches for what later connections suffer. */
export async function faultsView(main) {
  const faults = await get('/api/faults');
  // A form that is being filled in is not taken away.
  if (main.querySelector('[data-kind="faults"]')) return;
  main.replaceChildren(
    h(
      'div',
      { class: 'page', 'data-kind': 'faults' },
      h('h2', {}, 'Faults'),
      h(
        'p',
        {},
        'What connections suffer that come from now on. An empty form is a healthy server.',
      ),
      protocols.map((protocol) => faultForm(protocol, faults[protocol])),
    ),
  );
}

function faultForm(protocol, faults) {
  if (typeof faults === 'string') return h('p', {}, `${protocol.toUpperCase()}: ${faults}`);
  const said = h('span', { role: 'status' });
  const inputs = fields.map(([name, label, type]) => {
    const input = h('input', {
      type,
      id: `${protocol}-${name}`,
      name,
      min: type === 'number' ? '0' : undefined,
    });
    if (type === 'checkbox') input.checked = faults[name] === true;
    else input.value = faults[name] ?? '';
    return h('label', { for: input.id }, label, input);
  });
  const form = h(
    'form',
    {
      'aria-label': protocol.toUpperCase(),
      onsubmit: async (event) => {
        event.preventDefault();
        const wanted = {};
        for (const [name, , type] of fields) {
          const input = form.elements[name];
          if (type === 'checkbox') {
            if (input.checked) wanted[name] = true;
          } else if (input.value !== '')
            wanted[name] = type === 'number' ? Number(input.value) : input.value;
        }
        try {
          await post('/api/faults', { protocol, faults: wanted });
          said.textContent = Object.keys(wanted).length === 0 ? 'Healthy.' : 'Set.';
        } catch (error) {
          said.textContent = error.message;
        }
      },
    },
    h(
      'fieldset',
      {},
      h('legend', {}, protocol.toUpperCase()),
      inputs,
      h('div', {}, h('button', { type: 'submit' }, 'Set'), ' ', said),
    ),
  );
  return form;
}

/** Ports, users, certificates, and a clean slate. */
export async function serversView(main) {
  const { host, ports, users, fingerprint256, problems } = await get('/api/servers');
  const rows = Object.entries(ports).flatMap(([protocol, modes]) =>
    Object.entries(modes).map(([mode, port]) =>
      h(
        'tr',
        {},
        h('td', {}, protocol.toUpperCase()),
        h('td', {}, mode),
        h('td', {}, `${host}:${port}`),
      ),
    ),
  );
  fill(
    main,
    h(
      'div',
      { class: 'page' },
      h('h2', {}, 'Servers'),
      table('Ports', ['Protocol', 'Security', 'Address'], rows),
      h('h3', {}, 'Users'),
      h('p', {}, users.join(', ') || 'none'),
      h('h3', {}, 'Certificates'),
      h('p', {}, 'Trust the authority in the client that you test: '),
      h(
        'ul',
        {},
        h('li', {}, h('a', { href: '/ca.pem', download: 'ca.pem' }, 'ca.pem'), ', the authority'),
        h(
          'li',
          {},
          h('a', { href: '/certificate.pem', download: 'certificate.pem' }, 'certificate.pem'),
          ', what the servers present',
        ),
      ),
      h('p', { class: 'faint' }, `SHA-256 ${fingerprint256}`),
      problems.length > 0 && [
        h('h3', {}, 'Problems inside the servers'),
        h(
          'ul',
          {},
          problems.map((text) => h('li', { class: 'bad' }, text)),
        ),
      ],
      h('h3', {}, 'A clean slate'),
      h(
        'p',
        {},
        h(
          'button',
          {
            type: 'button',
            id: 'clear',
            onclick: async () => {
              await post('/api/clear');
              announce('All mail, articles and files are removed.');
            },
          },
          'Remove all mail, articles and files',
        ),
      ),
    ),
  );
}
