import { stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { readCertificate, validityOf, validityWarning } from '../config/given-certificate.ts';
import { type Config } from '../config/schema/tree.ts';
import { type Clock } from '../base/clock.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { type Logger } from '../base/logger.ts';

/** The configuration section that names the pair of files. */
type Section = 'tls' | 'edge.core.tls';

interface CertificateWatchOptions {
  readonly config: Config;
  readonly section: Section;
  /** The pair in use at first; absent when the section names no files. */
  readonly certificate: KeyPair | undefined;
  /** Called with a new pair that OpenSSL can use and that is valid now. */
  readonly apply: (certificate: KeyPair) => void;
  readonly logger: Logger;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
const KEPT = 'the certificate files have changed and cannot be used: the old certificate stays';

/**
 * Reads `certFile` and `keyFile` of a section again when they change, and says once a day that the certificate in use is about to end. The files are
 * looked at from time to time, since what replaces them (a rename, a link that is turned to another folder) does not reach who watches the files themselves.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #section: Section;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #seen: string | undefined;
  #isLooking = false;
  #inUse: KeyPair | undefined;
  /** When the files are read again, because the pair was not valid yet, in milliseconds. */
  #readAgainMs = Infinity;
  #warnAtMs = 0;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#section = options.section;
    this.#logger = options.logger;
    this.#inUse = options.certificate;
  }

  /**
   * Resolves when it knows the files as they are now, or knows them from an earlier run: what changes while nothing runs is not missed. Does
   * nothing where none are given, or `tls.reloadSec` is 0.
   */
  async start(): Promise<void> {
    const { certFile, keyFile } = this.#files;
    const { reloadSec } = this.#options.config.tls;
    if (certFile === undefined || keyFile === undefined || reloadSec === 0) return;
    // The start has said what there was to say.
    this.#warnAtMs ||= this.#nowMs + DAY_MS;
    this.#seen ??= await stateOf([certFile, keyFile]);
    this.#timer = setInterval(() => void this.#look([certFile, keyFile]), reloadSec * 1000).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get #files() {
    const { tls, edge } = this.#options.config;
    return this.#section === 'tls' ? tls : edge.core.tls;
  }

  get #nowMs(): number {
    return this.#options.clock.now().unixMs;
  }

  async #look(files: readonly string[]): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const state = await stateOf(files);
    this.#isLooking = false;
    if (this.#timer === undefined) return;
    if (state !== this.#seen || this.#nowMs >= this.#readAgainMs) {
      // Of two files one is always the first to change: a pair that does not fit is told once, and read again with the next change.
      this.#seen = state;
      this.#readAgainMs = Infinity;
      this.#reload();
    }
    this.#warnOfEnd();
  }

  #reload(): void {
    try {
      const certificate = readCertificate(this.#files, this.#section);
      if (!certificate) return;
      const { fromMs, toMs } = validityOf(certificate);
      if (toMs <= this.#nowMs || fromMs > this.#nowMs) {
        if (fromMs > this.#nowMs) this.#readAgainMs = fromMs;
        const cause = validityWarning(certificate, this.#nowMs);
        this.#logger.warn({ section: this.#section, cause: `${this.#section}.certFile ${cause ?? ''}` }, KEPT);
        return;
      }
      // Where a part takes it, every part must be able to.
      createSecureContext(certificate);
      this.#options.apply(certificate);
      this.#inUse = certificate;
      this.#warnAtMs = this.#nowMs;
      this.#logger.info({ section: this.#section, validTo: new Date(toMs).toISOString() }, 'new certificate in use');
    } catch (error) {
      this.#logger.warn({ section: this.#section, err: error }, KEPT);
    }
  }

  #warnOfEnd(): void {
    if (!this.#inUse || this.#nowMs < this.#warnAtMs) return;
    this.#warnAtMs = this.#nowMs + DAY_MS;
    const warning = validityWarning(this.#inUse, this.#nowMs);
    if (warning !== undefined) {
      this.#logger.warn(
        { section: this.#section },
        `the certificate in use ${warning}: replace the files of ${this.#section}`,
      );
    }
  }
}

/** A text that changes when one of the files is written or replaced. */
async function stateOf(files: readonly string[]): Promise<string> {
  const states = files.map(async (file) => {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  });
  const settled = await Promise.allSettled(states);
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : 'none')).join(', ');
}
