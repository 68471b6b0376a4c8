import { z } from 'zod';
import { filePath } from './fields.ts';

export const tlsSection = z
  .strictObject({
    certFile: filePath
      .optional()
      .meta({ description: 'PEM certificate chain.', defaultText: 'lab certificate in the state folder' }),
    keyFile: filePath
      .optional()
      .meta({ description: 'PEM private key of the certificate.', defaultText: 'lab key in the state folder' }),
  })
  .prefault({})
  .meta({ description: 'One certificate for the edge and for turns.' });
