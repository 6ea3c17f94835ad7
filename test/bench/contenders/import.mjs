// The packages as they are published, each alone in a process.
export const nodemailer = () => import('nodemailer');
export const ftp = () => import('@fivewire/ftp');
export const imap = () => import('@fivewire/imap');
export const nntp = () => import('@fivewire/nntp');
export const pop3 = () => import('@fivewire/pop3');
export const smtp = () => import('@fivewire/smtp');
