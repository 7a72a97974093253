// Splits a kernel command line into parameters, as linux lib/cmdline.c (next_arg) does.

/** White space by isspace() of the kernel: of latin-1, unlike \s. */
const SPACE = new Set([' ', '\t', '\n', '\v', '\f', '\r', '\u00a0'])

/**
 * The parameters in order, repeated ones too: `console=tty0`, `quiet`, `--`. Double quotes keep spaces together; those
 * around a whole parameter or its whole value are taken away. The text ends at the first NUL. Never throws.
 */
export function parseCmdline(text: string): readonly string[] {
  const end = text.indexOf('\0')
  const line = end === -1 ? text : text.slice(0, end)
  const parameters: string[] = []
  for (let at = 0; at < line.length;) {
    if (SPACE.has(line[at] ?? '')) at++
    else {
      const length = parameterLength(line, at)
      parameters.push(unquote(line.slice(at, at + length)))
      at += length
    }
  }
  return parameters
}

function parameterLength(line: string, start: number): number {
  let quoted = false
  let at = start
  for (; at < line.length; at++) {
    const character = line[at] ?? ''
    if (character === '"') quoted = !quoted
    else if (!quoted && SPACE.has(character)) break
  }
  return at - start
}

function unquote(parameter: string): string {
  if (parameter.startsWith('"')) return withoutLastQuote(parameter.slice(1))
  const value = parameter.indexOf('=') + 1
  if (value <= 1 || parameter[value] !== '"') return parameter
  return parameter.slice(0, value) + withoutLastQuote(parameter.slice(value + 1))
}

function withoutLastQuote(text: string): string {
  return text.endsWith('"') ? text.slice(0, -1) : text
}
