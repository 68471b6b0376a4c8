import { stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { certificateEndMs, readCertificate } from '../config/given-certificate.ts';
import { type Config } from '../config/schema/tree.ts';
import { type Certificate } from '../config/state/lab-certificate.ts';
import { type Logger } from '../core/logger.ts';

/** Which pair of files is meant. */
type Section = 'tls' | 'edge.core.tls';

/**
 * Reads `certFile` and `keyFile` of a section again when they change. The files are looked at from time to time, since what replaces them
 * (a rename, a link that is turned to another folder) does not reach who watches the files themselves.
 */
export class CertificateWatch {
  readonly #config: Config;
  readonly #section: Section;
  readonly #apply: (certificate: Certificate) => void;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #seen: string | undefined;
  #isLooking = false;

  /** `apply` is given pairs that OpenSSL can use. */
  constructor(config: Config, apply: (certificate: Certificate) => void, logger: Logger, section: Section = 'tls') {
    this.#section = section;
    this.#config = config;
    this.#apply = apply;
    this.#logger = logger;
  }

  /**
   * Resolves when it knows the files as they are now, or knows them from an earlier run: what changes while nothing runs is not missed. Does
   * nothing where none are given, or `tls.reloadSec` is 0.
   */
  async start(): Promise<void> {
    const { certFile, keyFile } = this.#files;
    const { reloadSec } = this.#config.tls;
    if (certFile === undefined || keyFile === undefined || reloadSec === 0) return;
    this.#seen ??= await stateOf([certFile, keyFile]);
    this.#timer = setInterval(() => void this.#look([certFile, keyFile]), reloadSec * 1000).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get #files() {
    return this.#section === 'tls' ? this.#config.tls : this.#config.edge.core.tls;
  }

  async #look(files: readonly string[]): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const state = await stateOf(files);
    this.#isLooking = false;
    if (this.#timer === undefined || state === this.#seen) return;
    // Of two files one is always the first to change: a pair that does not fit is told once, and read again with the next change.
    this.#seen = state;
    this.#reload();
  }

  #reload(): void {
    try {
      const certificate = readCertificate(this.#files, this.#section);
      if (!certificate) return;
      // Where a part takes it, every part must be able to.
      createSecureContext(certificate);
      this.#apply(certificate);
      const validTo = new Date(certificateEndMs(certificate)).toISOString();
      this.#logger.info({ section: this.#section, validTo }, 'new certificate in use');
    } catch (error) {
      this.#logger.warn(
        { section: this.#section, err: error },
        'the certificate files have changed and cannot be used: the old certificate stays',
      );
    }
  }
}

/** Differs when one of the files has been written or replaced. */
async function stateOf(files: readonly string[]): Promise<string> {
  const states = files.map(async (file) => {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  });
  const settled = await Promise.allSettled(states);
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : 'none')).join(', ');
}
