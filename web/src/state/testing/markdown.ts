// A few of Markdown's forms, enough for the play bridge. The real parser is the engine's.
import type { Block, Inline } from '../../generated/api';

export function parse(text: string): Block[] {
  const blocks: Block[] = [];
  const parts = text.split(/\n{2,}/);
  for (const part of parts) {
    const code = /^```(\w*)\n([\s\S]*?)\n?```$/.exec(part);
    if (code !== null) {
      blocks.push({ type: 'code', language: code[1] === '' ? null : (code[1] ?? null), text: code[2] ?? '' });
    } else if (/^- /m.test(part) && part.split('\n').every((line) => line.startsWith('- '))) {
      blocks.push({
        type: 'list',
        start: null,
        items: part.split('\n').map((line) => [{ type: 'paragraph', inlines: inlines(line.slice(2)) }]),
      });
    } else if (part.split('\n').every((line) => line.startsWith('> '))) {
      blocks.push({ type: 'quote', blocks: parse(part.replaceAll(/^> /gm, '')) });
    } else if (/^#{1,3} /.test(part)) {
      blocks.push({ type: 'heading', level: part.indexOf(' '), inlines: inlines(part.replace(/^#+ /, '')) });
    } else {
      blocks.push({ type: 'paragraph', inlines: inlines(part) });
    }
  }
  return blocks;
}

function inlines(text: string): Inline[] {
  const found: Inline[] = [];
  const forms = /\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`|~~(.+?)~~|\[(.+?)\]\((.+?)\)|(https?:\/\/\S+)|\n/g;
  let from = 0;
  for (const match of text.matchAll(forms)) {
    if (match.index > from) found.push({ type: 'text', text: text.slice(from, match.index) });
    from = match.index + match[0].length;
    const [, strong, emphasis, code, struck, label, target, bare] = match;
    if (strong !== undefined) found.push({ type: 'strong', inlines: inlines(strong) });
    else if (emphasis !== undefined) found.push({ type: 'emphasis', inlines: inlines(emphasis) });
    else if (code !== undefined) found.push({ type: 'code', text: code });
    else if (struck !== undefined) found.push({ type: 'strikethrough', inlines: inlines(struck) });
    else if (label !== undefined && target !== undefined)
      found.push({
        type: 'link',
        href: target,
        misleading: label.includes('.') && !target.includes(label),
        inlines: inlines(label),
      });
    else if (bare !== undefined)
      found.push({ type: 'link', href: bare, misleading: false, inlines: [{ type: 'text', text: bare }] });
    else found.push({ type: 'line_break' });
  }
  if (from < text.length) found.push({ type: 'text', text: text.slice(from) });
  return found;
}
