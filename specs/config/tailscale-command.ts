// The command that the extension's containerboot makes of its variables: tailscale.com cmd/containerboot/{settings,
// tailscaled}.go at v1.88.1, v1.92.3, v1.94.2, v1.96.4 and v1.102.2.
import type { MachineConfigFacts, Placed, ServiceConfiguration } from '#harness/machine-config/facts.ts'
import type { Minor } from '#harness/machine-config/schema/schema.ts'
import { isUnknown, variableOf } from '../support/config-rule.ts'
import { parseGoBool, parseUpFlags, SINCE, wordsOf, type ParsedFlags } from './tailscale-flags.ts'

const TAILSCALE = 'tailscale'

/** Flags that a variable becomes, in this order; a variable that is empty becomes none, but for the routes. */
const FLAG_OF: readonly (readonly [variable: string, flag: string])[] = [
  ['TS_AUTHKEY', 'auth-key'],
  ['TS_CLIENT_ID', 'client-id'],
  ['TS_CLIENT_SECRET', 'client-secret'],
  ['TS_ID_TOKEN', 'id-token'],
  ['TS_AUDIENCE', 'audience'],
  ['TS_ROUTES', 'advertise-routes'],
  ['TS_HOSTNAME', 'hostname'],
]

/** Variables that this version does not read yet, each with the 1.x that brought it. */
export function youngerVariables(version: number): ReadonlyMap<string, number> {
  const pairs = FLAG_OF.map(([variable, flag]) => [variable, SINCE[flag] ?? 0] as const)
  return new Map(pairs.filter(([, since]) => since > version))
}

const OTHER_VARIABLES = `TS_AUTH_KEY TS_ACCEPT_DNS TS_AUTH_ONCE TS_DEBUG_ADDR_PORT TS_DEST_IP TS_ENABLE_HEALTH_CHECK
TS_ENABLE_METRICS TS_EXTRA_ARGS TS_HEALTHCHECK_ADDR_PORT TS_KUBE_SECRET TS_LOCAL_ADDR_PORT TS_OUTBOUND_HTTP_PROXY_LISTEN
TS_SERVE_CONFIG TS_SOCKET TS_SOCKS5_SERVER TS_STATE_DIR TS_TAILNET_TARGET_FQDN TS_TAILNET_TARGET_IP
TS_TAILSCALED_EXTRA_ARGS TS_USERSPACE`

/** Variables that containerboot reads at one of the versions above, and that a person sets on Talos. */
export const VARIABLES: readonly string[] = [...FLAG_OF.map(([variable]) => variable), ...OTHER_VARIABLES.split(/\s+/)]
export type UpCommand = ParsedFlags & {
  /** The words of TS_EXTRA_ARGS, and where it is. */
  readonly extra?: Placed
  /** The flags that come from there. */
  readonly fromExtra: ParsedFlags['given']
  /** Variables by the flag that they give. */
  readonly variables: ReadonlyMap<string, Placed & { readonly name: string }>
}

export function tailscaleOf(facts: MachineConfigFacts): ServiceConfiguration | undefined {
  return facts.services.find(({ name }) => name === TAILSCALE)
}

/** An item that may be any variable: a template, or encrypted as a whole. */
export function unknownItem({ environment }: ServiceConfiguration): Placed | undefined {
  const item = environment.find(({ name }) => isUnknown(name))
  return item === undefined ? undefined : { value: item.name, at: item.at }
}

/**
 * The first and the last 1.x of tailscale that the extension of a Talos minor has: siderolabs/extensions
 * network/tailscale.
 */
const VERSIONS: Readonly<Record<Minor, readonly [first: number, last: number]>> = {
  '1.11': [88, 88],
  '1.12': [92, 94],
  '1.13': [96, 102],
  '1.14': [96, 102],
}

/** The versions of tailscale of a minor; of all minors where it is not known. */
export function tailscaleVersions(minor: Minor | undefined): readonly [first: number, last: number] {
  return minor === undefined ? [88, 102] : VERSIONS[minor]
}

/** `version` is the x of tailscale 1.x; a variable that is younger is not read. */
export function upCommand(service: ServiceConfiguration, version: number = tailscaleVersions(undefined)[1]): UpCommand {
  const variables = new Map<string, Placed & { name: string }>()
  for (const [name, flag] of FLAG_OF) {
    if ((SINCE[flag] ?? 0) > version) continue
    const older = name === 'TS_AUTHKEY' ? variableOf(service, 'TS_AUTH_KEY') : undefined
    const variable = variableOf(service, name) ?? older
    if (variable !== undefined && (variable.value !== '' || flag === 'advertise-routes'))
      variables.set(flag, { ...variable, name })
  }
  const extra = variableOf(service, 'TS_EXTRA_ARGS')
  const words = withoutAcceptDns(wordsOf(extra?.value ?? ''))
  // A value with white space in it stays one word: only TS_EXTRA_ARGS is split.
  const before = ['--accept-dns=false', ...[...variables].map(([flag, { value }]) => `--${flag}=${value}`)]
  const parsed = parseUpFlags([...before, ...words], version)
  return {
    ...parsed,
    ...(extra !== undefined && { extra }),
    fromExtra: parsed.given.slice(before.length),
    variables,
  }
}

/** `--accept-dns`, `--accept-dns=VALUE` in TS_EXTRA_ARGS go into TS_ACCEPT_DNS, the first of them (parseAcceptDNS). */
function withoutAcceptDns(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => word.startsWith('--accept-dns'))
  const word = words[at]
  if (word === undefined) return words
  const parts = word.split('=')
  const value = parts.length === 2 ? parts[1] : word === '--accept-dns' ? 'true' : undefined
  return value === undefined || parseGoBool(value) === undefined ? words : words.toSpliced(at, 1)
}
