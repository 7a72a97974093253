// The header WWW-Authenticate: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
import type { Location } from '../../../errors.ts'
import { EMPTY_ELEMENTS, HeaderScan, SPACE, TOKEN } from '../http/header-scan.ts'

export type Challenge = {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string
  /** Names in lower case; of parameters with one name the first. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Registries send three. */
const MAX_PARAMETERS = 64

/** Credentials in place of parameters, as Negotiate has them. */
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y
/** An equals sign that a value follows: `a=b`, but not the padding of `YWI=`. */
const ASSIGNMENT = /[ \t]*=[ \t]*(?=["!#$%&'*+.^_`|~0-9A-Za-z-])/y

/** The challenges of one header, in order; RegistryError REGISTRY_PROTOCOL for what breaks the grammar. */
export function parseChallenges(header: string, at: Location): readonly Challenge[] {
  const scan = new HeaderScan(header, 'WWW-Authenticate', at)
  const challenges: Challenge[] = []
  for (;;) {
    scan.take(EMPTY_ELEMENTS)
    if (scan.ended()) return challenges
    const scheme = scan.expect(TOKEN, 'the name of a scheme').toLowerCase()
    if (!scan.ended() && !scan.sees(' \t,')) throw scan.error('a space')
    scan.take(SPACE)
    challenges.push({ scheme, parameters: readParameters(scan) })
  }
}

function readParameters(scan: HeaderScan): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  if (!startsParameter(scan) && scan.take(TOKEN68) !== undefined) return parameters
  for (;;) {
    const start = scan.position
    scan.take(EMPTY_ELEMENTS)
    if (!startsParameter(scan)) {
      // The rest is the next challenge, or is refused there.
      scan.position = start
      return parameters
    }
    const name = scan.expect(TOKEN, 'the name of a parameter').toLowerCase()
    scan.expect(ASSIGNMENT, 'an equals sign')
    const value = scan.value()
    if (parameters.size >= MAX_PARAMETERS) throw scan.error(`at most ${MAX_PARAMETERS} parameters`)
    if (!parameters.has(name)) parameters.set(name, value)
    scan.take(SPACE)
    if (!scan.ended() && !scan.sees(',')) throw scan.error('a comma')
  }
}

function startsParameter(scan: HeaderScan): boolean {
  const start = scan.position
  const starts = scan.take(TOKEN) !== undefined && scan.take(ASSIGNMENT) !== undefined
  scan.position = start
  return starts
}
