/// <reference lib="dom" />
/** Contrast as WCAG 2.2 counts it (1.4.3): of every text that is seen against what is behind it. Runs inside of the page. */

export interface Faint {
  text: string;
  ratio: number;
}

/** Texts that stand out by less than 4.5 to 1, translucent colours and grounds as they look in the end. */
export function faintTexts(): Faint[] {
  const channel = (value: number): number => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!canvas) throw new Error('no canvas');
  type Colour = [red: number, green: number, blue: number, alpha: number];
  /** As the browser understands it; alpha from 0 to 1. Painted on nothing, a faint colour would be rounded: its parts are read alone. */
  const readColour = (colour: string): Colour => {
    const pixel = (): Uint8ClampedArray => canvas.getImageData(0, 0, 1, 1).data;
    const painted = (ground: string): Uint8ClampedArray => {
      for (const each of [ground, colour]) {
        canvas.fillStyle = each;
        canvas.fillRect(0, 0, 1, 1);
      }
      return pixel();
    };
    const [onBlack, onWhite] = [painted('black'), painted('white')];
    const alpha = 1 - ((onWhite[0] as number) - (onBlack[0] as number)) / 255;
    const part = (i: number): number => (alpha > 0 ? (onBlack[i] as number) / alpha : 0);
    return [part(0), part(1), part(2), alpha];
  };
  // A page has few colours and many texts: reading a pixel back is what takes time.
  const known = new Map<string, Colour>();
  const colourOf = (colour: string): Colour => {
    const found = known.get(colour) ?? readColour(colour);
    known.set(colour, found);
    return found;
  };
  const over = ([r, g, b, a]: Colour, [r2, g2, b2]: Colour): Colour => [
    r * a + r2 * (1 - a),
    g * a + g2 * (1 - a),
    b * a + b2 * (1 - a),
    1,
  ];
  const luminance = ([r, g, b]: Colour): number =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ancestors = (element: Element): Element[] => {
    const all: Element[] = [];
    for (let at: Element | null = element; at; at = at.parentElement) all.push(at);
    return all;
  };
  /** What is painted below a text, and the text on it: each background on the ones behind it, each group at its opacity. */
  const seen = (element: Element): [text: Colour, ground: Colour] => {
    let ground: Colour = [255, 255, 255, 1];
    let opacity = 1;
    for (const each of ancestors(element).reverse()) {
      const style = getComputedStyle(each);
      opacity *= Number(style.opacity);
      const [r, g, b, a] = colourOf(style.backgroundColor);
      ground = over([r, g, b, a * opacity], ground);
    }
    const [r, g, b, a] = colourOf(getComputedStyle(element).color);
    return [over([r, g, b, a * opacity], ground), ground];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: Faint[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    // A space of no width is not seen: VitePress puts one into each heading's anchor.
    const text = node.textContent?.replaceAll('\u200b', '').trim();
    if (!element || !text || !element.checkVisibility() || element.tagName === 'NOSCRIPT') continue;
    const [a, b] = seen(element).map(luminance) as [number, number];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push({ text: text.slice(0, 40), ratio });
  }
  return found;
}
