/** Date as SIP writes it (RFC 3261 §20.17), made once a second. */
export class DateText {
  #second = NaN;
  #text = '';

  format(unixMs: number): string {
    const second = Math.floor(unixMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(unixMs).toUTCString();
    }
    return this.#text;
  }
}
