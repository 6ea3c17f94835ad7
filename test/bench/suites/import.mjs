// What it costs to import a client, beside nodemailer: whole processes, so that bare Node is in every figure.
const clients = ['ftp', 'imap', 'nntp', 'pop3', 'smtp'];

export default [
  {
    work: 'import',
    serve: async () => ({ input: {}, close: async () => {} }),
    contenders: {
      nodemailer: ['import', 'nodemailer'],
      ...Object.fromEntries(clients.map((name) => [name, ['import', name]])),
    },
    reference: 'nodemailer',
    targets: clients.map((contender) => ({ contender, peer: 'nodemailer', most: 'spread' })),
  },
];
