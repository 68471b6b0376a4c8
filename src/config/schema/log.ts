import * as z from 'zod';
import { section } from './fields.ts';

export const logSection = section(
  {
    level: z
      .enum(['silent', 'error', 'warn', 'info', 'debug', 'trace'])
      .default('info')
      .meta({ description: 'How much is logged, on standard error.' }),
    format: z
      .enum(['auto', 'pretty', 'json'])
      .default('auto')
      .meta({ description: '`auto`: text on a terminal, JSON lines elsewhere.' }),
  },
  'Logging.',
);
