import * as z from 'zod';
import { exactlyOne, flag, realmText, seconds, secretPath, secretText } from './fields.ts';

const keyValue = exactlyOne('key');

const tokenKey = z
  .strictObject({
    kid: z
      .string()
      .regex(/^[\w.+/=@:-]{1,127}$/)
      .meta({
        description: 'Name of the key, which clients put into USERNAME.',
        expected: 'up to 127 letters, digits or characters of "._+/=@:-"',
      }),
    key: secretText.optional().meta({
      description: 'The key in base64. Its first 32 bytes are used, or the first 16 with A128GCM, as coturn does.',
      secret: true,
    }),
    keyFile: secretPath.optional().meta({ description: 'File that holds the key in base64.' }),
    algorithm: z
      .enum(['A256GCM', 'A128GCM'])
      .default('A256GCM')
      .meta({ description: 'How tokens are encrypted with the key.' }),
  })
  .refine(keyValue.check, keyValue.params);

/** The keys of section `oauth` that are about access tokens for the TURN server (RFC 7635). */
export const accessTokenFields = {
  serverName: realmText.optional().meta({
    description: 'Name of the TURN servers that access tokens are for: THIRD-PARTY-AUTHORIZATION of their 401.',
    defaultText: 'the value of `turn.realm`',
  }),
  keys: z.array(tokenKey).default([]).meta({
    description:
      'Keys of access tokens (RFC 7635), newest first, shared by edges, authorization servers and TURN servers: the first key makes tokens, every key opens them.',
    defaultText: 'none: the TURN server takes no access tokens, and the edge makes none',
  }),
  keysFromRedis: flag(
    false,
    'Let the TURN server look for keys in Redis too, where coturn has them (`turn/oauth/kid/<kid>`): for kids that are not in `keys`.',
  ),
  lifetimeSec: seconds(
    60,
    604_800,
    3600,
    'Lifetime of an access token in seconds: this, or twice the granted `expires` if that is more, within `credentials.ttl`.',
  ),
  skewSec: seconds(0, 300, 5, 'Seconds by which the clocks of authorization server and TURN server may differ.'),
  coturnCompat: flag(
    false,
    'Take what coturn’s client sends: HMACs by the first 16 bytes of a session key, and tokens of lifetime 0, which then live `lifetimeSec`.',
  ),
};
