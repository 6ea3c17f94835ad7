/** This side's files and streams, and their failures, as FTP's. */
import {
  addErrorContext,
  type LocalError,
  pathOf as localPathOf,
  localFailure as sharedFailure,
} from '@fivewire/line-protocol';

const context = { protocol: 'ftp' } as const;

export const localFailure = (error: unknown, path?: string): LocalError =>
  addErrorContext(sharedFailure(error, path), context);

/** @throws UsageError ERR_ARGUMENT for what can be no path */
export function pathOf(target: string | URL): string {
  try {
    return localPathOf(target);
  } catch (error) {
    throw addErrorContext(error as LocalError, context);
  }
}
