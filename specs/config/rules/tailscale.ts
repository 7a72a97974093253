// Tailscale as a subnet router: the variables that its containerboot reads
// (tailscale/tailscale cmd/containerboot/{settings,tailscaled}.go; siderolabs/extensions network/tailscale).
import type { MachineConfigFacts, Placed, ServiceConfiguration } from '#harness/machine-config/facts.ts'
import { isTemplate, variableOf, type ConfigFinding, type ConfigJudge } from '../rule.ts'
import { isCovered, parseSubnet } from '../subnet.ts'

const TAILSCALE = 'tailscale'
const STATE_FOLDER = '/var/lib/tailscale'
/** What Talos takes where a configuration names none (pkg/machinery/constants). */
const DEFAULT_SUBNETS = { pod: '10.244.0.0/16', service: '10.96.0.0/12' } as const
/** What Go's strconv.ParseBool takes for false; for what it cannot parse containerboot takes its default, true. */
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

function tailscaleOf(facts: MachineConfigFacts): ServiceConfiguration | undefined {
  return facts.services.find(({ name }) => name === TAILSCALE)
}

/** The last value of a flag: `--flag=value`, `-flag value`. Go takes either number of dashes. */
function flagOf(variable: Placed | undefined, flag: string): Placed | undefined {
  if (variable === undefined) return undefined
  const words = variable.value.split(/\s+/)
  const values = words.flatMap((word, index) => {
    const [, name, value] = /^--?([a-z-]{1,40})(?:=(.*))?$/.exec(word) ?? []
    return name === flag ? [value ?? words[index + 1] ?? ''] : []
  })
  const last = values.at(-1)
  return last === undefined ? undefined : { value: last, at: variable.at }
}

export const judgeRoutes: ConfigJudge = (facts) => {
  const service = tailscaleOf(facts)
  if (service === undefined) return []
  const listed = [
    ...(facts.podSubnets.length > 0 ? facts.podSubnets : [{ value: DEFAULT_SUBNETS.pod, at: service.at }]),
    ...(facts.serviceSubnets.length > 0 ? facts.serviceSubnets : [{ value: DEFAULT_SUBNETS.service, at: service.at }]),
  ]
  const wrong = listed.filter(({ value }) => parseSubnet(value) === undefined)
  if (wrong.length > 0) return wrong.map(({ value, at }) => notASubnet(value, at))
  const subnets = listed.flatMap(({ value }) => parseSubnet(value) ?? [])
  const wanted = subnets.map(({ text }) => text).join(', ')
  // `tailscale up` is given TS_ROUTES first and TS_EXTRA_ARGS behind it; of a flag that is given twice the last holds.
  const routes = flagOf(variableOf(service, 'TS_EXTRA_ARGS'), 'advertise-routes') ?? variableOf(service, 'TS_ROUTES')
  if (routes === undefined)
    return [{ at: service.at, message: 'no route is advertised', expected: `TS_ROUTES with ${wanted}`, got: 'none' }]
  if (isTemplate(routes.value))
    return [{ at: routes.at, message: 'the routes are named by a template', got: routes.value, kind: 'unknown' }]
  const parts = routes.value.split(',')
  const strange = parts.filter((part) => parseSubnet(part) === undefined)
  if (strange.length > 0) return [notASubnet(strange.join(','), routes.at)]
  const advertised = parts.flatMap((part) => parseSubnet(part) ?? [])
  const left = subnets.filter((subnet) => !isCovered(subnet, advertised)).map(({ text }) => text)
  if (left.length === 0) return []
  return [
    {
      at: routes.at,
      message: `the routes do not cover ${left.join(' and ')}`,
      expected: wanted,
      got: parts.join(', '),
    },
  ]
}

function notASubnet(got: string, at: Placed['at']): ConfigFinding {
  return { at, message: 'a subnet cannot be read', expected: 'subnets such as 10.96.0.0/12, with commas between', got }
}

export const judgeTunnel: ConfigJudge = (facts) => {
  const service = tailscaleOf(facts)
  if (service === undefined) return []
  const daemon = variableOf(service, 'TS_TAILSCALED_EXTRA_ARGS')
  // What the daemon is told last holds: its own arguments behind those that containerboot makes of the variables.
  const state = flagOf(daemon, 'statedir') ?? variableOf(service, 'TS_STATE_DIR')
  return [
    check(variableOf(service, 'TS_USERSPACE'), 'tailscale runs without a tun device', 'false', (value) =>
      FALSE.has(value),
    ),
    check(
      flagOf(daemon, 'tun'),
      'tailscale runs without a tun device',
      'a tun device',
      (value) => value !== 'userspace-networking',
    ),
    check(
      state,
      'tailscale keeps its state where it does not last',
      STATE_FOLDER,
      (value) => value.replace(/\/+$/, '') === STATE_FOLDER,
    ),
    check(flagOf(daemon, 'state'), 'tailscale keeps its state where it does not last', STATE_FOLDER, (value) =>
      value.startsWith(`${STATE_FOLDER}/`),
    ),
  ].flat()
}

/** Nothing for a setting that is not there: the extension's own are right. */
function check(
  setting: Placed | undefined,
  message: string,
  expected: string,
  isRight: (value: string) => boolean,
): readonly ConfigFinding[] {
  if (setting === undefined || isRight(setting.value)) return []
  const { at, value } = setting
  if (isTemplate(value)) return [{ at, message: 'it is set by a template', expected, got: value, kind: 'unknown' }]
  return [{ at, message, expected, got: value === '' ? 'an empty value' : value }]
}
