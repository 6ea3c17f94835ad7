// Elements, the API and the focus: what every part of the page uses. Text is only ever set as text.

/** An element. `on…` are listeners, `class` and the rest attributes; `undefined` and `false` leave one out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(9).filter((child) => child !== undefined && child !== false));
  return element;
}

/** A path with parameters; `undefined` ones are left out. */
export function path(base, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return `${base}?${new URLSearchParams(given)}`;
}

export async function get(url) {
  return result(await fetch(url));
}

export async function post(url, body = {}) {
  const headers = { 'Content-Type': 'application/json' };
  return result(await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function result(response) {
  const value = await response.json();
  if (!response.ok) throw new Error(value.error);
  return value;
}

/** `#/mail/alice/INBOX` of its parts. */
export const place = (...parts) => `#/${parts.map(encodeURIComponent).join('/')}`;

export const partsOfPlace = () =>
  location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent);

/** Puts other children into an element; whoever had the focus there has it again, by its address or name. */
export function fill(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement : undefined;
  const key = focused?.getAttribute('href') ?? focused?.id;
  element.replaceChildren(
    ...children.flat(9).filter((child) => child !== undefined && child !== false),
  );
  if (!key) return;
  const again = [...element.querySelectorAll('[href], [id]')].find(
    (one) => (one.getAttribute('href') ?? one.id) === key,
  );
  again?.focus();
}

/** Tells those who can't see what has changed. */
export function announce(text) {
  document.getElementById('news-flash').textContent = text;
}

export const size = (octets) =>
  octets < 1024 ? `${octets} octets` : `${Math.round(octets / 102.4) / 10} KiB`;

export const clock = (date) => new Date(date).toLocaleTimeString();

export const person = (address) =>
  address ? (address.name ? `${address.name} <${address.address}>` : address.address) : '';

/**
 * Tabs (WAI-ARIA): arrow keys, Home and End go from one to the other.
 * @param tabs pairs of a name and what shows its panel
 */
export function tabs(label, entries) {
  const panel = h('div', { role: 'tabpanel', id: 'panel', tabindex: '0' });
  const buttons = entries.map(([name, show], number) =>
    h(
      'button',
      {
        role: 'tab',
        type: 'button',
        id: `tab-${number}`,
        'aria-controls': 'panel',
        onclick: () => choose(number, show),
        onkeydown: (event) => {
          const last = entries.length - 1;
          const next = {
            ArrowRight: number === last ? 0 : number + 1,
            ArrowLeft: number === 0 ? last : number - 1,
            Home: 0,
            End: last,
          }[event.key];
          if (next === undefined) return;
          event.preventDefault();
          choose(next, entries[next][1]);
          buttons[next].focus();
        },
      },
      name,
    ),
  );
  let turn = 0;
  const choose = (number, show) => {
    turn++;
    const own = turn;
    for (const [at, button] of buttons.entries()) {
      button.setAttribute('aria-selected', at === number ? 'true' : 'false');
      button.tabIndex = at === number ? 0 : -1;
    }
    panel.setAttribute('aria-labelledby', `tab-${number}`);
    // What comes late, when another tab is chosen, comes too late.
    const put = (content) => {
      if (own === turn) panel.replaceChildren(content);
    };
    Promise.resolve(show()).then(put, (error) => put(h('p', { class: 'bad' }, error.message)));
  };
  choose(0, entries[0][1]);
  return [h('div', { role: 'tablist', 'aria-label': label }, buttons), panel];
}
