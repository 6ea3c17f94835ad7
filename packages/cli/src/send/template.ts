/** `Dear {{name}},` and a row: `Dear Bob,`. */
import { exitCodes, Failure } from '../exit-code.js';

/** @throws Failure 65 for a name that the row does not have */
export function filled(
  template: string,
  values: Readonly<Record<string, string>>,
  encode: (value: string) => string = (value) => value,
): string {
  return template.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => {
    if (Object.hasOwn(values, name)) return encode(values[name] as string);
    throw new Failure(exitCodes.badData, `There is no column ${JSON.stringify(name)}`, {
      hint: `There are ${Object.keys(values).join(', ')}.`,
      code: 'ERR_TEMPLATE',
    });
  });
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What a row says is text, and no markup. */
export const htmlText = (value: string): string =>
  value.replace(/[&<>"']/g, (one) => entities[one] as string);
