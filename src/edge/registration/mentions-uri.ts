/** What a URI may go on with: behind it, the URI in the text is another one. */
const GOES_ON = /^[\w.%-]/;

/** Whether a value that cannot be read, such as one with a quote that is never closed, has this URI in it. */
export function mentionsUri(text: string, uri: string): boolean {
  if (uri === '') return false;
  for (let at = text.indexOf(uri); at >= 0; at = text.indexOf(uri, at + 1)) {
    if (!GOES_ON.test(text.charAt(at + uri.length))) return true;
  }
  return false;
}
