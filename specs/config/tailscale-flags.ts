// The flags of `tailscale up` on Linux, and how Go reads them: tailscale.com cmd/tailscale/cli/{up,cli,risks}.go at
// v1.88.1 (Talos 1.11), v1.92.3 and v1.94.2 (1.12), v1.96.4 and v1.102.2 (1.13, 1.14). Go's package flag takes one dash
// or two; since v1.84 a flag that is given twice is refused (onceFlagValue).
import { isUnknown } from '../support/config-rule.ts'

/** `true`: a switch that only takes true. */
type Kind = 'switch' | 'true' | 'text' | 'duration'

const FLAGS: Readonly<Record<string, Kind>> = {
  'accept-dns': 'switch',
  'accept-risk': 'text',
  'accept-routes': 'switch',
  'advertise-connector': 'switch',
  'advertise-exit-node': 'switch',
  'advertise-routes': 'text',
  'advertise-tags': 'text',
  'auth-key': 'text',
  'exit-node': 'text',
  'exit-node-allow-lan-access': 'switch',
  'force-reauth': 'switch',
  'host-routes': 'true',
  hostname: 'text',
  json: 'switch',
  'login-server': 'text',
  'netfilter-mode': 'text',
  operator: 'text',
  qr: 'switch',
  'report-posture': 'switch',
  reset: 'switch',
  'shields-up': 'switch',
  'snat-subnet-routes': 'switch',
  ssh: 'switch',
  'stateful-filtering': 'switch',
  timeout: 'duration',
  // Since v1.92.
  'client-id': 'text',
  'client-secret': 'text',
  'id-token': 'text',
  'qr-format': 'text',
  // Since v1.94.
  audience: 'text',
}
/** Flags and the 1.x of tailscale that brought them; all others are older than 1.88. */
export const SINCE: Readonly<Record<string, number>> = {
  'client-id': 92,
  'client-secret': 92,
  'id-token': 92,
  'qr-format': 92,
  audience: 94,
}
/** Spellings that the command line rewrites before it is parsed (CleanUpArgs). */
const OTHER_NAMES: Readonly<Record<string, string>> = { authkey: 'auth-key', 'posture-checking': 'report-posture' }

/** strconv.ParseBool. */
const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])
/** time.ParseDuration. */
const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

export type GivenFlag = { readonly name: string; readonly value: string }
export type ParsedFlags = {
  readonly given: readonly GivenFlag[]
  /** Lower-case clause: why it is refused. */
  readonly refused?: string
  /** A template in place of a word: nothing behind it is known. */
  readonly unknown?: string
}

/** Names that may be meant, for a flag that there is not. */
export function knownFlags(): readonly string[] {
  return [...Object.keys(FLAGS), ...Object.keys(OTHER_NAMES)]
}

/** undefined for what strconv.ParseBool refuses. */
export function parseGoBool(text: string): boolean | undefined {
  return TRUE.has(text) ? true : FALSE.has(text) ? false : undefined
}

/** Words as strings.Fields splits a variable: at white space, whatever quotes there are. */
export function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

/**
 * The settings of `tailscale up` by its arguments, up to the first that it refuses. A word may be a key: none is
 * repeated. `version` is the x of tailscale 1.x.
 */
export function parseUpFlags(words: readonly string[], version: number): ParsedFlags {
  const given: GivenFlag[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (isUnknown(word) && !word.startsWith('-')) return { given, unknown: word }
    if (/^["']/.test(word)) return refuse(given, `word ${at + 1} begins with a quote, which nothing takes away`)
    if (word === '--' && at + 1 === words.length) return { given }
    if (word === '--' || !/^-./.test(word))
      return refuse(given, `word ${at + 1} is no flag, and \`tailscale up\` takes nothing else`)
    const [, written = '', , inline] = /^--?([^=]*)(=(.*))?$/s.exec(word) ?? []
    if (written === '' || written.startsWith('-')) return refuse(given, `${word} is no flag`)
    const name = OTHER_NAMES[written] ?? written
    const kind = FLAGS[name]
    if (name === 'h' || name === 'help') return refuse(given, `${word} prints the help and brings nothing up`)
    if (kind === undefined) return refuse(given, `\`tailscale up\` has no flag --${written}`)
    if ((SINCE[name] ?? 0) > version)
      return refuse(given, `\`tailscale up\` has --${name} since 1.${SINCE[name]}, and this is 1.${version}`)
    const takesNext = inline === undefined && (kind === 'text' || kind === 'duration')
    if (takesNext) at++
    const value = inline ?? (takesNext ? words[at] : 'true')
    if (value === undefined) return refuse(given, `--${name} has no value`)
    if (given.some((other) => other.name === name)) return refuse(given, `--${name} is given twice`)
    if (/^["']/.test(value))
      return refuse(given, `the value of --${name} begins with a quote, which nothing takes away`)
    if (!isUnknown(value) && !admits(kind, value))
      return refuse(given, `--${name} does not take ${JSON.stringify(value)}`)
    given.push({ name, value })
  }
  return { given }
}

function refuse(given: readonly GivenFlag[], refused: string): ParsedFlags {
  return { given, refused }
}

function admits(kind: Kind, value: string): boolean {
  if (kind === 'switch') return parseGoBool(value) !== undefined
  if (kind === 'true') return value === 'true'
  return kind === 'text' || DURATION.test(value)
}
