import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml } from '../../../src/edge/reg-event/xml.ts';

const read = (text: string) => parseXml(Buffer.from(text));
const defectOf = (text: string): string | undefined => {
  const result = read(text);
  return result.ok ? undefined : result.reason;
};

describe('the XML reader', () => {
  it('resolves namespaces by prefix and by default, and leaves out comments and instructions', () => {
    const result = read(
      '<?xml version="1.0"?><!-- a --><p:a xmlns:p="urn:p" x="1" p:x="2"><b xmlns="urn:b">t<?no?>u<![CDATA[<&>]]></b><c/></p:a>\n',
    );
    expect(result).toMatchObject({
      ok: true,
      value: {
        namespace: 'urn:p',
        name: 'a',
        attributes: new Map([['x', '1']]),
        children: [
          { namespace: 'urn:b', name: 'b', text: 'tu<&>' },
          { namespace: '', name: 'c', text: '' },
        ],
      },
    });
  });

  it('resolves the five entities and characters by number', () => {
    expect(read('<a b="&quot;&#65;">&lt;&gt;&amp;&apos;&#x42;</a>')).toMatchObject({
      value: { attributes: new Map([['b', '"A']]), text: "<>&'B" },
    });
  });

  it.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a/>', 'document-type'],
    ['a document type within', '<a><!ENTITY b "c"></a>', 'document-type'],
    ['an entity of its own', '<a>&b;</a>', 'malformed'],
    ['a lone ampersand', '<a>&</a>', 'malformed'],
    ['the character zero by number', '<a>&#0;</a>', 'malformed'],
    ['half of a surrogate pair by number', '<a>&#xd800;</a>', 'malformed'],
    ['a control character', '<a>\u0001</a>', 'malformed'],
    ['a prefix that stands for nothing', '<p:a/>', 'malformed'],
    ['two roots', '<a/><b/>', 'malformed'],
    ['text beside the root', '<a/>b', 'malformed'],
    ['tags that do not match', '<a><b></a></b>', 'malformed'],
    ['an attribute twice', '<a b="1" b="2"/>', 'malformed'],
    ['no end', '<a><b/>', 'malformed'],
    ['nothing', '', 'malformed'],
    ['too many levels', '<a>'.repeat(9) + '</a>'.repeat(9), 'too-deep'],
    ['too many elements', `<a>${'<b/>'.repeat(2000)}</a>`, 'too-many-elements'],
    ['too many bytes', `<a>${' '.repeat(65_536)}</a>`, 'too-large'],
  ])('refuses %s', (_what, text, reason) => {
    expect(defectOf(text)).toBe(reason);
  });

  it('refuses octets that are not UTF-8', () => {
    expect(parseXml(Buffer.from([0x3c, 0x61, 0xff, 0x2f, 0x3e]))).toEqual({ ok: false, reason: 'not-utf-8' });
  });

  it('reads back what is escaped, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/[^\P{Cc}\t\n]/u.test(text));
        const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
        expect(read(`<a b="${escaped.replaceAll('"', '&quot;')}">${escaped}</a>`)).toMatchObject({
          value: { attributes: new Map([['b', text]]), text },
        });
      }),
    );
  });

  it('never throws, whatever comes', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '</',
      '/>',
      '<a',
      '<a>',
      '</a>',
      ' b="',
      '"',
      "'",
      '&',
      '&#',
      ';',
      '<!',
      '<?',
      '?>',
      '<![CDATA[',
      ']]>',
      ':',
      'xmlns=',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.array(fc.oneof(piece, fc.string())).map((all) => Buffer.from(all.join(''))),
        ),
        (bytes) => {
          expect(typeof parseXml(bytes).ok).toBe('boolean');
        },
      ),
      { numRuns: 1000 },
    );
  });
});
