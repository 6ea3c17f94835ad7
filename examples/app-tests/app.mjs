// An imaginary app that mails a link to whoever has forgotten a password. It knows nothing of tests: only where to send.
import { randomUUID } from 'node:crypto';
import nodemailer from 'nodemailer';

export async function requestReset(address, { host, port, serverHostname, tls: { ca } }) {
  const tls = { ca, servername: serverHostname };
  const link = `https://app.example/reset?token=${randomUUID()}&lang=en`;
  await nodemailer.createTransport({ host, port, secure: true, tls }).sendMail({
    from: 'The app <app@example.org>',
    to: address,
    subject: 'Reset your password',
    html: `<p>Forgotten it? <a href="${link.replace('&', '&amp;')}">Choose a new one</a></p>`,
  });
  return link;
}
