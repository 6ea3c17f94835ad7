/** The part of html-to-text that is used here; it brings no declarations. */
declare module 'html-to-text' {
  export function convert(html: string, options: { wordwrap: number }): string;
}
