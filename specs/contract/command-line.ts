// The command line that a contract asks for, put together as imager does: siderolabs/talos pkg/imager/imager.go over
// siderolabs/go-procfs v0.1.2 (Cmdline.AppendAll).
import { parseCmdline } from '#harness/formats/uki/cmdline.ts'

export type CommandLineParts = {
  /** The metal/arm64 command line of the minor. */
  readonly defaults: string
  /** Arguments that SecureBoot adds behind the defaults; empty without it. */
  readonly secureBoot: readonly string[]
  /**
   * The contract's own: `-name` takes the default `name` away, `-name=value` that value of it; `name=value` goes beside
   * what `name` has already, or to the end.
   */
  readonly extra: readonly string[]
}

/** Keys in order, each with its values; undefined for a parameter without `=`. */
type Parameters = Map<string, (string | undefined)[]>

/** imager passes these to WithOverwriteArgs: they replace upstream's values, where those are. */
const OVERWRITTEN = new Set(['console', 'talos.platform'])

/** Parameters in the order in which imager writes them. */
export function expectedCommandLine({ defaults, secureBoot, extra }: CommandLineParts): readonly string[] {
  const parameters = group([...parseCmdline(defaults), ...secureBoot])
  for (const [key, values] of group(extra)) apply(parameters, key, values)
  return [...parameters].flatMap(([key, values]) =>
    values.map((value) => (value === undefined ? key : `${key}=${value}`)),
  )
}

function apply(parameters: Parameters, key: string, values: readonly (string | undefined)[]): void {
  const removed = key.length > 1 && key.startsWith('-') ? key.slice(1) : undefined
  if (removed === undefined) {
    const before = OVERWRITTEN.has(key) ? [] : (parameters.get(key) ?? [])
    parameters.set(key, [...before, ...values])
    return
  }
  for (const value of values) {
    const left = parameters.get(removed)
    // A key that lost its last value keeps its place for one that follows; one that was taken away does not.
    if (value === undefined) parameters.delete(removed)
    else if (left !== undefined)
      parameters.set(
        removed,
        left.filter((one) => one !== value),
      )
  }
}

function group(texts: readonly string[]): Parameters {
  const parameters: Parameters = new Map()
  for (const text of texts) {
    const equals = text.indexOf('=')
    const key = equals < 0 ? text : text.slice(0, equals)
    parameters.set(key, [...(parameters.get(key) ?? []), equals < 0 ? undefined : text.slice(equals + 1)])
  }
  return parameters
}
