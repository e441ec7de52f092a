import { parseTOML } from 'toml-eslint-parser';
import type { AST } from 'toml-eslint-parser';

type Path = readonly (string | number)[];

/**
 * Lines of a TOML text by key path. The second parser, which keeps positions, only runs once a file is
 * known to be wrong. A path that the text does not have gets the line of its nearest parent, 1 at last.
 */
export function linesOf(text: string): (path: Path) => number {
  const lines = new Map<string, number>();
  const note = (path: Path, node: { loc: AST.SourceLocation }): void => {
    for (let end = 1; end <= path.length; end++) {
      const key = keyOf(path.slice(0, end));
      if (!lines.has(key)) lines.set(key, node.loc.start.line);
    }
  };
  for (const node of parseTOML(text).body[0].body) {
    if (node.type === 'TOMLKeyValue') noteValue(node, [], note);
    if (node.type !== 'TOMLTable') continue;
    note(node.resolvedKey, node);
    for (const entry of node.body) noteValue(entry, node.resolvedKey, note);
  }
  return (path) => {
    for (let end = path.length; end > 0; end--) {
      const line = lines.get(keyOf(path.slice(0, end)));
      if (line !== undefined) return line;
    }
    return 1;
  };
}

type Note = (path: Path, node: { loc: AST.SourceLocation }) => void;

function noteValue(node: AST.TOMLKeyValue, parent: Path, note: Note): void {
  const path = [...parent, ...node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value))];
  note(path, node);
  noteContent(node.value, path, note);
}

function noteContent(node: AST.TOMLContentNode, path: Path, note: Note): void {
  if (node.type === 'TOMLArray') {
    node.elements.forEach((element, at) => {
      note([...path, at], element);
      noteContent(element, [...path, at], note);
    });
  }
  if (node.type === 'TOMLInlineTable') for (const entry of node.body) noteValue(entry, path, note);
}

function keyOf(path: Path): string {
  return path.join('\u0000');
}
