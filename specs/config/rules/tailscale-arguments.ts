// Arguments that `tailscale up` refuses, that keep a router from routing, or that have no effect.
import type { ServiceConfiguration } from '#harness/machine-config/facts.ts'
import { nearest } from '../../contract/findings/edits.ts'
import { unknownValue, variableOf, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import {
  tailscaleOf,
  tailscaleVersions,
  unknownItem,
  upCommand,
  VARIABLES,
  youngerVariables,
  type UpCommand,
} from '../tailscale-command.ts'
import { targetMinor } from '../validity/target.ts'
import { knownFlags, parseGoBool, type GivenFlag } from '../tailscale-flags.ts'

const TAG = /^tag:[A-Za-z][A-Za-z0-9-]*$/
const HOSTNAME =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?$/
const FILTER_MODES = ['on', 'nodivert', 'off']
const MAX_HOSTNAME = 253
/** TS_USERSPACE is CFG-009's. */
const SWITCHES = ['TS_AUTH_ONCE', 'TS_ACCEPT_DNS', 'TS_ENABLE_METRICS', 'TS_ENABLE_HEALTH_CHECK']

export const judgeArguments: ConfigJudge = (facts, context) => {
  const service = tailscaleOf(facts)
  if (service === undefined) return []
  const [first, last] = tailscaleVersions(targetMinor(facts, context))
  const quoted = quotedVariables(service)
  if (quoted.length > 0) return quoted
  if (first >= KEY_ALONE_SINCE) {
    const together = keyWithIdentity(service)
    if (together.length > 0) return together
  }
  const command = upCommand(service, last)
  const at = command.extra?.at ?? service.at
  const expected = 'flags of `tailscale up`, each once, with white space between and no quotes'
  if (command.refused !== undefined)
    return [{ at, message: `tailscale refuses its arguments: ${why(command)}`, expected }]
  if (command.unknown !== undefined) return [unknownValue('an argument of tailscale', { value: command.unknown, at })]
  const hasExitNode = command.given.some(({ name, value }) => name === 'exit-node' && value !== '')
  return command.given.flatMap((flag) => {
    const wrong = refusedValue(flag, hasExitNode)
    if (wrong === undefined) return []
    const { name = 'TS_EXTRA_ARGS', at: place } = command.variables.get(flag.name) ?? { at }
    return [
      { at: place, message: `tailscale refuses its arguments: ${wrong}`, expected, got: `--${flag.name} of ${name}` },
    ]
  })
}

/** An identity in place of a key, since tailscale 1.96 not beside one (settings.validate of containerboot). */
const KEY_ALONE_SINCE = 96
const IDENTITY = ['TS_CLIENT_ID', 'TS_CLIENT_SECRET', 'TS_ID_TOKEN', 'TS_AUDIENCE']

function keyWithIdentity(service: ServiceConfiguration): readonly ConfigFinding[] {
  const key = ['TS_AUTHKEY', 'TS_AUTH_KEY'].find((name) => (variableOf(service, name)?.value ?? '') !== '')
  if (key === undefined) return []
  return IDENTITY.flatMap((name): readonly ConfigFinding[] => {
    const variable = variableOf(service, name)
    if (variable === undefined || variable.value === '') return []
    return [
      {
        at: variable.at,
        message: `containerboot of tailscale refuses ${name} beside ${key}, since 1.${KEY_ALONE_SINCE}`,
        expected: `${key}, or ${name} with what belongs to it`,
      },
    ]
  }).slice(0, 1)
}

/** Variables that become arguments as they are; the routes are CFG-005's. */
const GIVEN_ON = ['TS_AUTHKEY', 'TS_AUTH_KEY', 'TS_HOSTNAME', 'TS_EXTRA_ARGS', 'TS_TAILSCALED_EXTRA_ARGS']

/** A variable whose value the quotes of a shell or of YAML are still around. */
function quotedVariables({ environment }: ServiceConfiguration): readonly ConfigFinding[] {
  return environment
    .filter(({ name, value }) => GIVEN_ON.includes(name) && /^["']/.test(value))
    .map(({ name, at }) => ({
      at,
      message: `the value of ${name} begins with a quote, which nothing takes away`,
      expected: `${name}=… without quotes around the value; quote the whole item if YAML asks for it`,
    }))
}

function why({ refused = '', variables }: UpCommand): string {
  const twice = /^--(\S+) is given twice$/.exec(refused)?.[1] ?? ''
  const variable = variables.get(twice)
  if (variable !== undefined) return `${refused}, by ${variable.name} and in TS_EXTRA_ARGS`
  const unknown = /has no flag --(\S+)$/.exec(refused)?.[1]
  const near = unknown === undefined ? undefined : nearest(unknown, knownFlags())
  return near === undefined ? refused : `${refused} (did you mean --${near}?)`
}

/** Combinations that the command refuses once it has read its flags (prefsFromUpArgs); routes are CFG-005's. */
function refusedValue({ name, value }: GivenFlag, hasExitNode: boolean): string | undefined {
  if (value === '' || /\$\{|\{\{/.test(value)) return undefined
  if (name === 'hostname' && (!HOSTNAME.test(value) || value.length > MAX_HOSTNAME))
    return '--hostname takes letters, digits and dashes only'
  if (name === 'advertise-tags' && !value.split(',').every((tag) => TAG.test(tag)))
    return '--advertise-tags takes tag:NAME, with commas between'
  if (name === 'netfilter-mode' && !FILTER_MODES.includes(value))
    return `--netfilter-mode takes ${FILTER_MODES.join(', ')}`
  if (name === 'exit-node-allow-lan-access' && parseGoBool(value) === true && !hasExitNode)
    return '--exit-node-allow-lan-access needs --exit-node'
  return undefined
}

export const judgeRouting: ConfigJudge = (facts, context) => {
  const service = tailscaleOf(facts)
  if (service === undefined) return []
  const { given, extra } = upCommand(service, tailscaleVersions(targetMinor(facts, context))[1])
  const at = extra?.at ?? service.at
  return given.flatMap(({ name, value }): readonly ConfigFinding[] => {
    if (name === 'shields-up' && parseGoBool(value) === true)
      return [{ at, message: 'shields are up: nothing comes in from the tailnet', expected: 'no --shields-up' }]
    if (name === 'netfilter-mode' && (value === 'off' || value === 'nodivert'))
      return [
        {
          at,
          message: 'tailscale leaves netfilter alone, and nothing else on Talos writes its rules',
          expected: '--netfilter-mode=on, or none',
          got: `--netfilter-mode=${value}`,
        },
      ]
    return []
  })
}

export const judgeEffects: ConfigJudge = (facts, context) => {
  const service = tailscaleOf(facts)
  if (service === undefined) return []
  const [, version] = tailscaleVersions(targetMinor(facts, context))
  const command = upCommand(service, version)
  return [
    ...sourceAddresses(command, service),
    ...onlyOnce(command, service),
    ...noKey(command, service),
    ...quotedSwitches(service),
    ...misspelt(service),
    ...tooYoung(service, version),
  ]
}

function sourceAddresses({ given, extra }: UpCommand, service: ServiceConfiguration): readonly ConfigFinding[] {
  const off = given.some(({ name, value }) => name === 'snat-subnet-routes' && parseGoBool(value) === false)
  if (!off) return []
  return [
    {
      at: extra?.at ?? service.at,
      message: 'without SNAT packets keep their tailnet address, to which pods on other nodes know no way back',
      expected: '--snat-subnet-routes=true, or none',
      got: '--snat-subnet-routes=false',
    },
  ]
}

/**
 * Flags of the first login: after it containerboot runs `tailscale set` with TS_ROUTES, TS_HOSTNAME and TS_ACCEPT_DNS
 * alone.
 */
function onlyOnce({ fromExtra, extra }: UpCommand, service: ServiceConfiguration): readonly ConfigFinding[] {
  const once = variableOf(service, 'TS_AUTH_ONCE')
  if (extra === undefined || parseGoBool(once?.value ?? '') !== true) return []
  const variables: Readonly<Record<string, string>> = { 'advertise-routes': 'TS_ROUTES', hostname: 'TS_HOSTNAME' }
  const names = fromExtra.map(({ name }) => name).filter((name) => name !== 'login-server' && name !== 'auth-key')
  const better = names.filter((name) => Object.hasOwn(variables, name))
  const rest = names.filter((name) => !better.includes(name))
  const message = (list: readonly string[]): string =>
    `with TS_AUTH_ONCE ${list.map((name) => `--${name}`).join(', ')} of TS_EXTRA_ARGS counts at the first login only: a change of it has no effect`
  return [
    ...(better.length === 0
      ? []
      : [{ at: extra.at, message: message(better), expected: better.map((name) => variables[name]).join(', ') }]),
    ...(rest.length === 0 ? [] : [{ at: extra.at, message: message(rest), kind: 'note' as const }]),
  ]
}

function noKey({ given, unknown }: UpCommand, service: ServiceConfiguration): readonly ConfigFinding[] {
  const has = given.some(
    ({ name, value }) => ['auth-key', 'client-id', 'client-secret', 'id-token'].includes(name) && value !== '',
  )
  if (has || unknown !== undefined || unknownItem(service) !== undefined) return []
  return [
    {
      at: service.at,
      message:
        'no key is given: unless an earlier login is in its state, tailscale waits for a person to open a link in its log',
      kind: 'note',
    },
  ]
}

/** Go takes the quotes for part of the value, which then is neither true nor false: the default holds. */
function quotedSwitches({ environment }: ServiceConfiguration): readonly ConfigFinding[] {
  return environment
    .filter(({ name, value }) => SWITCHES.includes(name) && /^["']/.test(value))
    .map(({ name, at }) => ({
      at,
      message: `${name} is neither true nor false, so its default holds: quotes are around its value`,
      expected: `${name}=true or ${name}=false`,
    }))
}

function misspelt({ environment }: ServiceConfiguration): readonly ConfigFinding[] {
  return environment.flatMap(({ name, at }): readonly ConfigFinding[] => {
    const near =
      VARIABLES.includes(name) || !/^\W*TS_/i.test(name) ? undefined : nearest(name.trim().toUpperCase(), VARIABLES)
    if (near === undefined) return []
    return [
      { at, message: `nothing reads ${JSON.stringify(name.slice(0, 40))}`, expected: near, got: name.slice(0, 40) },
    ]
  })
}

function tooYoung({ environment }: ServiceConfiguration, version: number): readonly ConfigFinding[] {
  const younger = youngerVariables(version)
  return environment.flatMap(({ name, at }): readonly ConfigFinding[] => {
    const since = younger.get(name)
    if (since === undefined) return []
    return [
      {
        at,
        message: `the tailscale of this Talos does not read ${name}`,
        expected: `tailscale 1.${since}, or a key in TS_AUTHKEY`,
        got: `tailscale 1.${version}`,
      },
    ]
  })
}
