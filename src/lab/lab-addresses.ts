import { type Server } from '../server/server.ts';
import { type ServerAddresses } from '../server/server-types.ts';

/** The addresses of the server of a lab. While the server restarts, they are those that it had. */
export class LabAddresses {
  #known: ServerAddresses;

  constructor(server: Pick<Server, 'addresses' | 'on'>) {
    this.#known = server.addresses;
    server.on('ready', (addresses) => {
      this.#known = addresses;
    });
  }

  get known(): ServerAddresses {
    return this.#known;
  }
}
