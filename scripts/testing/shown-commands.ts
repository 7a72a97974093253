// The command lines that a document or a help text shows, as words that a command's parser takes.

/** A command by the name of its npm script, and what is typed behind `--`. */
export type ShownCommand = { readonly name: string; readonly args: readonly string[]; readonly line: string }

/** A value for each metavariable of a synopsis; other words are taken literally. */
const SAMPLES: Readonly<Record<string, string>> = {
  REFERENCE: 'oci:out/spin-only',
  'REFERENCE=NAME': 'oci:out/spin-only=spin-only',
  IMAGE: 'ghcr.io/you/talos-spin-only:v1.11.5',
  $IMAGE: 'ghcr.io/you/talos-spin-only:v1.11.5',
  NAME: 'spin-only',
  FILE: 'file.yaml',
  FOLDER: 'folder',
  LOCK: 'my.lock.json',
  'vX.Y.Z': 'v1.11.5',
  'FORMAT=FILE': 'junit=file.xml',
  'NAME=VALUE': 'requests=1000',
  DIR: 'out',
  NAMESPACE: 'ghcr.io/you',
  TAG: 'demo-stable',
  LAYOUT: 'talos:v1.11.5=oci:out/spin-only',
  RUNS: '10',
  SEED: '1',
  N: '10',
}
/** Metavariables that mean another thing after an option. */
const OPTION_SAMPLES: Readonly<Record<string, string>> = { '--target LIST': 'image', '--only LIST': 'KRN' }

const FENCE = /^```\w*\n([\s\S]*?)^```/gm
const SPAN = /`([^`\n]+)`/g
const START = /^(?:\$ |npm ci && )*npm (?:run (?:--silent )?([a-z][a-z:-]*)|(test))\b(?: --(?= )(.*))?/

/** Those of the fenced blocks and code spans of Markdown. */
export function commandsOfMarkdown(text: string): readonly ShownCommand[] {
  const blocks = [...text.matchAll(FENCE)].map((match) => match[1] ?? '')
  const spans = [...text.replace(FENCE, '').matchAll(SPAN)].map((match) => (match[1] ?? '').replaceAll('\\|', '|'))
  return commandsOf([...blocks, ...spans].join('\n'))
}

/** Those that begin a line; a line that ends in a backslash, or within brackets, goes on in the next. */
export function commandsOf(text: string): readonly ShownCommand[] {
  const joined = text.replace(/\\\n\s*/g, ' ').replace(/\n\s+(?=\[)/g, ' ')
  return joined.split('\n').flatMap((full) => {
    const line = full.trim().replace(/\s+#.*$/, '')
    const match = START.exec(line)
    if (match === null) return []
    const words = (match[3] ?? '').trim()
    return wordsOf(words).map((args) => ({ name: match[1] ?? match[2] ?? '', args, line }))
  })
}

/** Each `[--from A|B]` is one way to type it more; brackets are taken as given, dots as once. */
function wordsOf(text: string): readonly (readonly string[])[] {
  const words = text
    .replace(/ [<>] \S+$/, '')
    .replace(/\((?:npm )[^)]*\)/g, '')
    .replace(/\[@sha256:…\]/g, '')
    .split(/\s+/)
    .map((word) => word.replace(/[[\]"…]/g, ''))
    .filter((word) => word !== '')
  let lines: (readonly string[])[] = [[]]
  for (const word of words) {
    lines = lines.flatMap((line) => word.split('|').map((one) => [...line, sampleOf(one, line.at(-1) ?? '')]))
  }
  return lines
}

function sampleOf(word: string, before: string): string {
  return OPTION_SAMPLES[`${before} ${word}`] ?? SAMPLES[word] ?? word
}
