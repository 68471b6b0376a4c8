import { type Config } from './tree.ts';

/** Whether the HTTPS listeners of `edge.listen` are opened: for the edge, or for another part that is reached by HTTP. */
export function usesHttps({ edge, oauth, admin }: Config): boolean {
  return edge.enabled || oauth.authorizationServer.enabled || oauth.wwsf.enabled || admin.tokenFile !== undefined;
}
