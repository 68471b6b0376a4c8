import * as z from 'zod';
import { filePath, seconds, secretPath } from './fields.ts';

export const tlsSection = z
  .strictObject({
    certFile: filePath.optional().meta({
      description:
        'PEM certificate chain. A relative name counts from the folder of the configuration file, or from the working directory if --set or a variable gives it. So does every other key that names a file.',
      defaultText: 'lab certificate in the state folder',
    }),
    keyFile: secretPath
      .optional()
      .meta({ description: 'PEM private key of the certificate.', defaultText: 'lab key in the state folder' }),
    reloadSec: seconds(
      0,
      86_400,
      60,
      'Seconds between two looks at these files and those of `edge.core.tls`. When they have changed, new connections get the new certificate. 0: never.',
    ),
  })
  .prefault({})
  .meta({ description: 'One certificate for the edge and for turns.' });
