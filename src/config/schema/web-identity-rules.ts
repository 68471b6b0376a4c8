import { knownEntries } from './known-part.ts';
import { type Report, type Rule } from './rule-report.ts';
import { type Config } from './tree.ts';

/** What the keys of `edge.webIdentity` ask of each other. */
export const WEB_IDENTITY_RULES: readonly Rule[] = [
  checkIssuers,
  checkOneOfEach,
  checkWebhook,
  checkNothingWithoutIssuers,
];

function checkIssuers({ edge: { webIdentity } }: Config, report: Report): void {
  knownEntries(webIdentity.issuers).forEach(({ entry: { jwksUri, introspection }, i }) => {
    if ((jwksUri === undefined) === (introspection === undefined)) {
      const got = jwksUri === undefined ? 'neither' : 'both';
      report(`edge.webIdentity.issuers.${i}`, 'one of "jwksUri" and "introspection"', got);
    }
  });
}

function checkOneOfEach({ edge: { webIdentity } }: Config, report: Report): void {
  const { issuers } = webIdentity;
  const asked = issuers.findIndex(({ introspection }) => introspection !== undefined);
  issuers.forEach(({ issuer, introspection }, i) => {
    if (issuers.findIndex((other) => other.issuer === issuer) !== i) {
      report(`edge.webIdentity.issuers.${i}.issuer`, 'an issuer that is listed once', issuer);
    }
    if (introspection !== undefined && i !== asked) {
      const path = `edge.webIdentity.issuers.${i}.introspection`;
      report(
        path,
        'one issuer that is asked about tokens: an opaque token does not say whose it is',
        introspection.url,
      );
    }
  });
}

function checkWebhook({ edge: { webIdentity } }: Config, report: Report): void {
  const { url, secret, secretFile } = webIdentity.webhook;
  const given = [secret, secretFile].filter((value) => value !== undefined).length;
  if (url !== undefined && given !== 1) {
    report(
      'edge.webIdentity.webhook',
      'exactly one of "secret" and "secretFile" beside "url"',
      given === 0 ? 'neither' : 'both',
    );
  }
  if (url === undefined && given > 0)
    report('edge.webIdentity.webhook.url', 'the URL that the secret is for', undefined);
}

/** They would be taken for a way of signing in that is on. */
function checkNothingWithoutIssuers({ edge: { webIdentity } }: Config, report: Report): void {
  const { issuers, allowDigest, webhook } = webIdentity;
  if (issuers.length > 0) return;
  const path = 'edge.webIdentity.issuers';
  if (!allowDigest) report(path, 'at least one, because edge.webIdentity.allowDigest is false', issuers);
  else if (webhook.url !== undefined) report(path, 'at least one, because edge.webIdentity.webhook is set', issuers);
}
