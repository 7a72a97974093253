// Tailscale as a subnet router: the variables that its containerboot reads
// (tailscale/tailscale cmd/containerboot/{settings,tailscaled}.go; siderolabs/extensions network/tailscale).
import type { Placed, ServiceConfiguration } from '#harness/machine-config/facts.ts'
import { clusterSubnets } from '../addresses.ts'
import { isUnknown, unknownValue, variableOf, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import { isCovered, parseSubnet, type Subnet } from '../subnet.ts'
import { tailscaleOf, unknownItem, upCommand } from '../tailscale-command.ts'
import { parseGoBool } from '../tailscale-flags.ts'

const STATE_FOLDER = '/var/lib/tailscale'
/** The last value of a flag of tailscaled, which holds there: `--flag=value`, `-flag value`. */
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
  const { pods, services } = clusterSubnets(facts, service.at)
  const listed = [...pods, ...services]
  const wrong = listed.filter(({ value }) => !isUnknown(value) && parseSubnet(value) === undefined)
  if (wrong.length > 0) return wrong.map(({ value, at }) => notASubnet(value, at))
  const subnets = listed.flatMap(({ value }) => parseSubnet(value) ?? [])
  const wanted = subnets.map(({ text }) => text).join(', ')
  const routes = routesOf(service)
  const item = unknownItem(service)
  if (routes === undefined && item !== undefined) return [unknownValue('a variable of tailscale', item)]
  if (routes === undefined)
    return [{ at: service.at, message: 'no route is advertised', expected: `TS_ROUTES with ${wanted}`, got: 'none' }]
  if (isUnknown(routes.value)) return [unknownValue('the list of routes', routes)]
  const parts = routes.value.split(',')
  const strange = parts.flatMap((part) => refusedRoute(part) ?? [])
  if (strange.length > 0)
    return [{ at: routes.at, message: 'tailscale refuses all routes', expected: wanted, got: strange.join('; ') }]
  const advertised = parts.flatMap((part) => parseSubnet(part) ?? [])
  const half = oneFamilyOfAll(advertised)
  if (half !== undefined) return [{ at: routes.at, ...half, got: routes.value }]
  const left = subnets.filter((subnet) => !isCovered(subnet, advertised)).map(({ text }) => text)
  const unknown = listed.find(({ value }) => isUnknown(value))
  if (left.length === 0) return unknown === undefined ? [] : [unknownValue('a subnet of the cluster', unknown)]
  return [
    {
      at: routes.at,
      message: `the routes do not cover ${left.join(' and ')}`,
      expected: wanted,
      got: parts.join(', '),
    },
  ]
}

/** Routes from TS_ROUTES, or from the one flag in TS_EXTRA_ARGS. Both together are refused (CFG-033). */
function routesOf(service: ServiceConfiguration): Placed | undefined {
  const { given, extra, variables } = upCommand(service)
  const value = given.find(({ name }) => name === 'advertise-routes')?.value
  return variables.get('advertise-routes') ?? (value === undefined ? undefined : { value, at: extra?.at ?? service.at })
}

/** The reason that tailscale refuses a route: tailscale.com net/netutil/routes.go CalcAdvertiseRoutes. */
function refusedRoute(route: string): string | undefined {
  const subnet = parseSubnet(route)
  if (subnet === undefined || !route.includes('/')) return `${route} is no subnet such as 10.96.0.0/12`
  return subnet.isPrefix ? undefined : `${route} has host bits: ${subnet.cidr} is meant`
}

function oneFamilyOfAll(routes: readonly Subnet[]): Pick<ConfigFinding, 'message' | 'expected'> | undefined {
  const [four, six] = ['0.0.0.0/0', '::/0'].map((all) => routes.some(({ cidr }) => cidr === all))
  if (four === six) return undefined
  return {
    message: 'tailscale refuses all of one family without all of the other',
    expected: '0.0.0.0/0 and ::/0, or neither',
  }
}

function notASubnet(got: string, at: Placed['at']): ConfigFinding {
  return { at, message: 'a subnet cannot be read', expected: 'subnets such as 10.96.0.0/12, with commas between', got }
}

export const judgeTunnel: ConfigJudge = (facts) => {
  const service = tailscaleOf(facts)
  if (service === undefined) return []
  const daemon = variableOf(service, 'TS_TAILSCALED_EXTRA_ARGS')
  // The last argument of the daemon holds: its own come behind those that containerboot makes of the variables.
  const state = flagOf(daemon, 'statedir') ?? variableOf(service, 'TS_STATE_DIR')
  return [
    check(
      variableOf(service, 'TS_USERSPACE'),
      'tailscale runs without a tun device',
      'false',
      (value) => parseGoBool(value) === false,
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

/** Judges a setting; nothing for one that is not there: the extension's own are right. */
function check(
  setting: Placed | undefined,
  message: string,
  expected: string,
  isRight: (value: string) => boolean,
): readonly ConfigFinding[] {
  if (setting === undefined || isRight(setting.value)) return []
  const { at, value } = setting
  if (isUnknown(value)) return [unknownValue('a setting of tailscale', setting)]
  return [{ at, message, expected, got: value === '' ? 'an empty value' : value }]
}
