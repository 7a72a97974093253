// Puts a kernel command line together as imager does: siderolabs/talos pkg/imager/imager.go (buildCmdline), over the
// rules of siderolabs/go-procfs v0.1.2. The judge (specs/contract/command-line.ts) has its own.

export type CommandLineInputs = {
  /** The metal/arm64 command line of the minor: the platform's arguments, then the kernel's. */
  readonly defaults: string
  /** What a board's overlay adds between the two. */
  readonly overlay: readonly string[]
  /** The contract's, behind all others. */
  readonly extra: readonly string[]
}

type Parameter = { readonly key: string; values: string[] }

const PLATFORM = /^(?:(?:talos\.platform|console)=\S+ )+/
const REPLACED = ['console', 'talos.platform']

/** The text of the UKI's `.cmdline`. */
export function composeCommandLine({ defaults, overlay, extra }: CommandLineInputs): string {
  const platform = PLATFORM.exec(defaults)?.[0] ?? ''
  const line = parse(platform)
  for (const parameter of parse(overlay.join(' '))) replace(line, parameter)
  for (const parameter of parse(defaults.slice(platform.length))) append(line, parameter)
  for (const parameter of parse(extra.join(' '))) {
    if (/^-./su.test(parameter.key)) takeAway(line, { ...parameter, key: parameter.key.slice(1) })
    else if (REPLACED.includes(parameter.key)) replace(line, parameter)
    else append(line, parameter)
  }
  let text = ''
  for (const { key, values } of line) for (const value of values) text += value === '' ? `${key} ` : `${key}=${value} `
  return text.replace(/ +$/, '')
}

/** One parameter a key, in order of first sight; `quiet` and `quiet=` have the same empty value. */
function parse(text: string): Parameter[] {
  const parsed: Parameter[] = []
  for (const [word] of text.matchAll(/[^\p{White_Space}]+/gu)) {
    const equals = word.indexOf('=')
    const [key, value] = equals === -1 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)]
    append(parsed, { key, values: [value] })
  }
  return parsed
}

function append(line: Parameter[], { key, values }: Parameter): void {
  const found = line.find((one) => one.key === key)
  if (found === undefined) line.push({ key, values: [...values] })
  else found.values.push(...values)
}

function replace(line: Parameter[], { key, values }: Parameter): void {
  const found = line.find((one) => one.key === key)
  if (found === undefined) line.push({ key, values: [...values] })
  else found.values = [...values]
}

/** Without a value first the whole key; else these values, which leaves the key where it is. */
function takeAway(line: Parameter[], { key, values }: Parameter): void {
  const at = line.findIndex((one) => one.key === key)
  const found = line[at]
  if (found === undefined) return
  if (values[0] === '') line.splice(at, 1)
  else found.values = found.values.filter((one) => !values.includes(one))
}
