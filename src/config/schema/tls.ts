import { z } from 'zod';
import { filePath, seconds } from './fields.ts';

export const tlsSection = z
  .strictObject({
    certFile: filePath
      .optional()
      .meta({ description: 'PEM certificate chain.', defaultText: 'lab certificate in the state folder' }),
    keyFile: filePath
      .optional()
      .meta({ description: 'PEM private key of the certificate.', defaultText: 'lab key in the state folder' }),
    reloadSec: seconds(
      0,
      86_400,
      60,
      'How often these files, and those of `edge.core.tls`, are looked at; when they have changed, new connections get the new certificate. 0: never.',
    ),
  })
  .prefault({})
  .meta({ description: 'One certificate for the edge and for turns.' });
