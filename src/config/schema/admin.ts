import { secretPath, section } from './fields.ts';

export const adminSection = section(
  {
    tokenFile: secretPath.optional().meta({
      description:
        'File with the token of the operator: one line of 16 or more printable ASCII characters. With it the HTTPS server opens `/admin`, which revokes credentials.',
      defaultText: 'none: there is no `/admin`',
    }),
  },
  'What the operator may do over HTTPS.',
);
