/** What all runs share: a certificate, and a watch on what nobody caught. */
import {
  createThrowawayCa,
  type IssuedCertificate,
  type ThrowawayCa,
} from '@fivewire/test-servers';

export interface World {
  ca: ThrowawayCa;
  certificate: IssuedCertificate;
  /** Rejections and exceptions that nobody caught, since it began. */
  readonly uncaught: readonly unknown[];
  end(): void;
}

export async function createWorld(): Promise<World> {
  const uncaught: unknown[] = [];
  const note = (reason: unknown): void => void uncaught.push(reason);
  process.on('unhandledRejection', note).on('uncaughtException', note);
  const ca = await createThrowawayCa();
  return {
    ca,
    certificate: await ca.issue(),
    uncaught,
    end: () => void process.off('unhandledRejection', note).off('uncaughtException', note),
  };
}
