/** One file by its URL: connected for, moved, said goodbye to. RFC 1738 §3.2. */
import { UsageError } from '@fivewire/line-protocol';
import { FtpClient } from './ftp-client.js';
import { splitUrl } from './session/url.js';
import type {
  DownloadOptions,
  DownloadTarget,
  FtpAuth,
  FtpUrlOptions,
  TransferResult,
  UploadOptions,
  UploadSource,
} from './types.js';

/**
 * A file by its URL (`ftps://alice@ftp.example.org/pub/big.iso`) to a local path or into a stream. A path begins where the login does;
 * `//pub` begins at the root. Without a user the login is anonymous.
 *
 * @param options of connecting, as beside a URL in `FtpClient.connect`
 * @param transfer of the download
 * @throws what `FtpClient.connect` and `download` throw
 */
export async function fetchFile(
  url: string | URL,
  target: DownloadTarget,
  options: FtpUrlOptions = {},
  transfer: DownloadOptions = {},
): Promise<TransferResult> {
  return at(url, options, (ftp, path) => ftp.download(path, target, transfer));
}

/**
 * Writes a file to a URL; as {@link fetchFile}.
 *
 * @throws what `FtpClient.connect` and `upload` throw
 */
export async function storeFile(
  source: UploadSource,
  url: string | URL,
  options: FtpUrlOptions = {},
  transfer: UploadOptions = {},
): Promise<TransferResult> {
  return at(url, options, (ftp, path) => ftp.upload(source, path, transfer));
}

async function at<T>(
  url: string | URL,
  options: FtpUrlOptions,
  work: (ftp: FtpClient, path: string) => Promise<T>,
): Promise<T> {
  const { server, path } = splitUrl(url);
  if (path === '' || path.endsWith('/')) {
    throw new UsageError('ERR_ARGUMENT', 'The URL names no file.', {
      protocol: 'ftp',
      argument: 'url',
      hint: 'Write the path of the file behind the host.',
    });
  }
  const isAnonymous = options.auth === undefined && !server.includes('@');
  const auth: FtpAuth = { user: 'anonymous', password: 'anonymous@' };
  const ftp = await FtpClient.connect(server, isAnonymous ? { ...options, auth } : options);
  try {
    return await work(ftp, path);
  } finally {
    await ftp[Symbol.asyncDispose]();
  }
}
