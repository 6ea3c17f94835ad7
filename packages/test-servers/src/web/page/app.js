// The page: an address after # is a view; what happens on the servers draws it anew.
import { h, partsOfPlace } from './dom.js';
import { mailView, newsView } from './mail.js';
import { connectionsView, faultsView, filesView, serversView } from './servers.js';

const views = {
  mail: [mailView, ['mail']],
  news: [newsView, ['news']],
  files: [filesView, ['files']],
  connections: [connectionsView, ['connections']],
  faults: [faultsView, []],
  servers: [serversView, []],
};

const main = document.getElementById('main');
const link = document.getElementById('link');
let drawing = Promise.resolve();

/** One after the other: an older answer never comes over a newer one. */
function draw() {
  drawing = drawing
    .then(show)
    .catch((error) => main.replaceChildren(h('p', { class: 'bad' }, error.message)));
  return drawing;
}

async function show() {
  const { hash } = location;
  const [name = 'mail', ...parts] = partsOfPlace();
  const [view] = views[name] ?? views.mail;
  for (const one of document.querySelectorAll('header nav a')) {
    if (one.getAttribute('href') === `#/${name}`) one.setAttribute('aria-current', 'page');
    else one.removeAttribute('aria-current');
  }
  document.title = `${name[0].toUpperCase()}${name.slice(1)} · Test servers`;
  await view(main, parts);
  main.dataset.place = hash;
}

const sectionIn = (url) => new URL(url).hash.split('/')[1] ?? 'mail';

addEventListener('hashchange', async ({ oldURL, newURL }) => {
  // The link that skips to the content is no view.
  if (location.hash === '#main') return history.replaceState(null, '', oldURL);
  await draw();
  // Another section: a reader by keyboard or ear begins at its top. Another message: at its subject.
  if (sectionIn(oldURL) !== sectionIn(newURL)) main.focus();
  else document.getElementById('subject')?.focus();
});

function listen() {
  const events = new EventSource('/api/events');
  events.addEventListener('open', () => {
    link.textContent = 'live';
    draw();
  });
  events.addEventListener('error', () => {
    link.textContent = 'not connected, trying again';
  });
  for (const [name, [, kinds]] of Object.entries(views))
    for (const kind of kinds)
      events.addEventListener(kind, () => {
        const [here = 'mail'] = partsOfPlace();
        if (here === name || kind === 'mail') draw();
      });
}

draw();
listen();
