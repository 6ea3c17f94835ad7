/** The HTML of a caught mail as a document that does nothing: no script, no form, no request, wherever it is opened. */
import type { MessageAttachment } from '../caught/parsed-message.js';

/**
 * `sandbox` without exceptions: a place of its own, without scripts, forms, popups and refreshes. The rest: nothing is loaded
 * but what stands in the document itself.
 */
export const frameHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy':
    "sandbox; default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'X-DNS-Prefetch-Control': 'off',
};

const largestImage = 1 << 20;

/**
 * Elements that no mail needs. Some browsers look up or connect to what `link` names before they ask a policy. They are written
 * out, not taken away, so that no two halves of a tag can come together.
 */
const forbidden =
  /<(?=\/?(?:script|link|meta|base|iframe|frame|frameset|object|embed|applet|form|portal|fencedframe|svg|math)\b)/gi;

/** A browser connects to where a link leads when it is pressed, before it asks a policy: links are shown, and lead nowhere. */
const link = /<(\/?)(?:a|area)(?=[\s/>])/gi;
const linkStyle = '<style>span[href] { color: LinkText; text-decoration: underline }</style>';

export function frameOf(html: string, attachments: readonly MessageAttachment[]): string {
  const body = html
    .replace(forbidden, '&lt;')
    .replace(link, '<$1span')
    .replace(/\bcid:([^"'\s)>]+)/gi, (whole, id) => {
      const image = attachments.find(({ contentId }) => contentId === decode(id));
      return image ? dataUrl(image) : whole;
    });
  return `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>HTML of a mail</title>${linkStyle}${body}`;
}

function dataUrl({ contentType, octets }: MessageAttachment): string {
  if (!/^image\/(?:png|jpeg|gif|webp)$/.test(contentType) || octets.length > largestImage)
    return '';
  return `data:${contentType};base64,${octets.toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
