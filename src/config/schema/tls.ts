import { z } from 'zod';
import { filePath, seconds, secretPath } from './fields.ts';

export const tlsSection = z
  .strictObject({
    certFile: filePath.optional().meta({
      description:
        'PEM certificate chain. A relative name, as in every key that names a file, counts from the folder of the configuration file; from the working directory where --set or a variable says it.',
      defaultText: 'lab certificate in the state folder',
    }),
    keyFile: secretPath
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
