/** A table as Markdown. Its source is not padded: a cell of one row would widen all others. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))];
  const text = lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
  return `<!-- prettier-ignore-start -->\n${text}\n<!-- prettier-ignore-end -->`;
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** A page of parts, each a heading, a paragraph, a table …, with the command that writes it. */
export function page(title: string, parts: readonly string[]): string {
  return `${[`# ${title}`, '<!-- Generated: npm run docs -->', ...parts].join('\n\n')}\n`;
}
