// The command line that a contract asks for, judged as imager puts it together: siderolabs/talos pkg/imager/imager.go
// (buildCmdline) over siderolabs/go-procfs v0.1.2 (Cmdline.AppendAll, SetAll). build/ has its own.

export type CommandLineParts = {
  /** The metal/arm64 command line of the minor, which begins with the platform's arguments. */
  readonly defaults: string
  /** Arguments of a board's overlay, which go between the platform's and the kernel's. */
  readonly overlay?: readonly string[]
  /** Arguments that SecureBoot adds behind the defaults; empty without it. */
  readonly secureBoot: readonly string[]
  /**
   * The contract's own: `-name` takes the default `name` away, `-name=value` that value of it; `name=value` goes beside
   * what `name` has already, or to the end.
   */
  readonly extra: readonly string[]
}

/** Keys in order, each with its values; empty for a parameter without a value, with `=` or without. */
type Parameters = Map<string, readonly string[]>

/** imager passes these to WithOverwriteArgs: they replace upstream's values, where those are. */
const OVERWRITTEN: ReadonlySet<string> = new Set(['console', 'talos.platform'])
/** What a platform sets, before an overlay may: those, and what an ISO adds. */
const OF_PLATFORM: ReadonlySet<string> = new Set([...OVERWRITTEN, 'talos.halt_if_installed', 'net.ifnames'])
/** White space by Go's unicode.IsSpace. */
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/

/** Parameters in the order in which imager writes them. */
export function expectedCommandLine({
  defaults,
  overlay = [],
  secureBoot,
  extra,
}: CommandLineParts): readonly string[] {
  const words = defaults.split(' ')
  const own = words.findIndex((word) => !OF_PLATFORM.has(keyOf(word)))
  const platform = own === -1 ? words : words.slice(0, own)
  const parameters = group(platform)
  for (const [key, values] of group(overlay)) parameters.set(key, values)
  for (const texts of [words.slice(platform.length), secureBoot])
    for (const [key, values] of group(texts)) add(parameters, key, values)
  for (const [key, values] of group(extra)) apply(parameters, key, values)
  const line = [...parameters].flatMap(([key, values]) =>
    values.map((value) => (value === '' ? key : `${key}=${value}`)),
  )
  return line.slice(0, line.findLastIndex((text) => text !== '') + 1)
}

/** `-name`, also where other values of it follow, is about the whole key; `-name=a -name` about the values a and none. */
function apply(parameters: Parameters, key: string, values: readonly string[]): void {
  if (key.length > 1 && key.startsWith('-')) {
    const left = parameters.get(key.slice(1))
    // A key that lost its last value keeps its place for one that follows; one that was taken away does not.
    if (values[0] === '') parameters.delete(key.slice(1))
    else if (left !== undefined)
      parameters.set(
        key.slice(1),
        left.filter((one) => !values.includes(one)),
      )
  } else if (OVERWRITTEN.has(key)) parameters.set(key, values)
  else add(parameters, key, values)
}

function add(parameters: Parameters, key: string, values: readonly string[]): void {
  parameters.set(key, [...(parameters.get(key) ?? []), ...values])
}

function group(texts: readonly string[]): Parameters {
  const parameters: Parameters = new Map()
  const words = texts.join(' ').split(SPACE)
  for (const word of words) if (word !== '') add(parameters, keyOf(word), [word.slice(keyOf(word).length + 1)])
  return parameters
}

function keyOf(word: string): string {
  return word.split('=', 1)[0] ?? ''
}
