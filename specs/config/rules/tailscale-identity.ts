// Workload identity in place of a key: settings.validate of cmd/containerboot, tailscale 1.96 to 1.102.
import type { ServiceConfiguration } from '#harness/machine-config/facts.ts'
import { variableOf, type ConfigFinding } from '../../support/config-rule.ts'

/** The tailscale 1.x since which containerboot refuses what does not go together. */
export const IDENTITY_SINCE = 96

const [CLIENT, SECRET, TOKEN, AUDIENCE] = ['TS_CLIENT_ID', 'TS_CLIENT_SECRET', 'TS_ID_TOKEN', 'TS_AUDIENCE']
const NEEDS_CLIENT = [TOKEN, AUDIENCE]
const APART: readonly (readonly [name: string, other: string])[] = [
  ...['TS_AUTHKEY', 'TS_AUTH_KEY'].flatMap((key): [string, string][] =>
    [CLIENT, SECRET, TOKEN, AUDIENCE].map((name) => [name, key]),
  ),
  [TOKEN, SECRET],
  [TOKEN, AUDIENCE],
  [AUDIENCE, SECRET],
]

/** The first that containerboot refuses. */
export function judgeIdentity(service: ServiceConfiguration): readonly ConfigFinding[] {
  const set = (name: string) => {
    const variable = variableOf(service, name)
    return variable?.value === '' ? undefined : variable
  }
  for (const [name, other] of APART) {
    const [variable, beside] = [set(name), set(other)]
    if (variable !== undefined && beside !== undefined)
      return [found(variable.at, `${name} beside ${other}`, `${other}, or ${name} with what belongs to it`)]
  }
  for (const name of NEEDS_CLIENT) {
    const variable = set(name)
    if (variable !== undefined && set(CLIENT) === undefined)
      return [found(variable.at, `${name} without ${CLIENT}`, `${CLIENT} beside ${name}`)]
  }
  return []
}

function found(at: ConfigFinding['at'], what: string, expected: string): ConfigFinding {
  return { at, message: `containerboot of tailscale refuses ${what}, since 1.${IDENTITY_SINCE}`, expected }
}
