// The nodes of a project against each other.
import type { YamlPlace } from '#harness/formats/yaml/nodes.ts'
import type { Placed } from '#harness/machine-config/facts.ts'
import {
  isUnknown,
  placeOfAbsence,
  unknownValue,
  type ConfigFinding,
  type ProjectJudge,
  type ProjectNode,
} from '../../support/config-rule.ts'
import { parseSubnet } from '../subnet.ts'

/** The version in front of the digits of an immutable tag. */
const VERSION = /:(v\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?)(?:-[0-9a-f]{8})?(?:@|$)/

/** Names where they are decided, else their number. */
export const judgeGatewayCount: ProjectJudge = (nodes, { gateways: { count, names } }) => {
  const gateways = nodes.filter(({ variant }) => variant.role === 'gateway')
  if (names.length > 0) {
    const hostnames = gateways.map(({ facts }) => facts.hostname?.value)
    const unknown = nodes.find(({ facts }) => facts.hostname !== undefined && isUnknown(facts.hostname.value))
    const absent = names.filter((name) => !hostnames.includes(name))
    // A gateway of another name is CFG-004's.
    return absent.map((name): ConfigFinding => {
      if (unknown?.facts.hostname !== undefined) return unknownValue('the hostname of a node', unknown.facts.hostname)
      return {
        at: startOf(nodes),
        message: `no node is the gateway ${name} of the contract`,
        expected: name,
        got: describeNames(gateways),
      }
    })
  }
  if (gateways.length === count) return []
  const [surplus] = gateways.slice(count)
  return [
    {
      at: surplus === undefined ? startOf(nodes) : placeOfAbsence(surplus.facts),
      message: `of ${nodes.length} nodes ${gateways.length} install the gateway variant`,
      expected: `${count}, as gateways of the contract says`,
      got: describeNames(gateways),
    },
  ]
}

export const judgeVersions: ProjectJudge = (nodes) => {
  const versions = nodes.flatMap(({ facts }) =>
    facts.installs.flatMap(({ image }) => {
      const version = image === undefined ? undefined : VERSION.exec(image.value)?.[1]
      return image === undefined || version === undefined ? [] : [{ value: version, at: image.at }]
    }),
  )
  const count = (version: string): number => versions.filter(({ value }) => value === version).length
  const [most] = versions.toSorted((a, b) => count(b.value) - count(a.value))
  return versions
    .filter(({ value }) => value !== most?.value)
    .map(({ value: got, at }) => ({
      at,
      message: 'this node installs another Talos than the others',
      expected: most?.value ?? '',
      got,
    }))
}

export const judgeUnique: ProjectJudge = (nodes) => [
  ...repeated(
    nodes.flatMap(({ facts: { hostname } }) =>
      hostname === undefined ? [] : [{ ...hostname, node: hostname.at.path }],
    ),
    'hostname',
  ),
  ...repeated(nodes.flatMap(addressesOf), 'address'),
]

type Claim = Placed & { readonly node: string }

/** Host addresses in one spelling; those of the own machine or link only are no claim. */
function addressesOf({ facts, reachedBy }: ProjectNode): readonly Claim[] {
  const { path } = facts.start
  const given = facts.addresses.linkAddresses.map(({ value, at }) => ({ value: value.split('/')[0] ?? '', at }))
  const reached = reachedBy.map((value) => ({ value, at: facts.start }))
  const claims = [...given, ...reached].flatMap(({ value, at }) => {
    const address = isUnknown(value) ? undefined : parseSubnet(`${value}/${value.includes(':') ? 128 : 32}`)
    return address === undefined || /^(?:127\.|::1$|fe80:)/.test(value)
      ? []
      : [{ value: value.toLowerCase(), at, node: path }]
  })
  // A node may say its own address twice.
  return claims.filter(({ value }, at) => claims.findIndex((other) => other.value === value) === at)
}

function repeated(claims: readonly Claim[], what: string): readonly ConfigFinding[] {
  const first = new Map<string, Claim>()
  return claims.flatMap((claim) => {
    const { value, at } = claim
    const before = first.get(value)
    if (isUnknown(value)) return []
    if (before === undefined) {
      first.set(value, claim)
      return []
    }
    return [
      {
        at,
        message: `another node has this ${what} already`,
        expected: `${what === 'address' ? 'an' : 'a'} ${what} that ${before.at.path} does not have`,
        got: value,
      },
    ]
  })
}

export const judgeGatewayImages: ProjectJudge = (nodes, { variants, gateways: { names } }) => {
  const services = new Set(
    Object.values(variants).flatMap(({ role, serviceConfigurations }) =>
      role === 'gateway' ? serviceConfigurations : [],
    ),
  )
  return nodes.flatMap(({ facts, variant, variantName }): readonly ConfigFinding[] => {
    if (variant.role === 'gateway') return []
    const service = facts.services.find(
      ({ name }) => services.has(name) && !variant.serviceConfigurations.includes(name),
    )
    const { hostname } = facts
    const isNamed = hostname !== undefined && names.includes(hostname.value)
    if (service === undefined && !isNamed) return []
    const image = facts.installs.find((install) => install.image !== undefined)?.image
    return [
      {
        at: image?.at ?? placeOfAbsence(facts),
        message: isNamed
          ? `${hostname.value} is a gateway of the contract and installs the image of ${variantName}`
          : `this node configures the service ${service?.name} and installs the image of ${variantName}, which does not have it`,
        expected: 'the image of a gateway variant',
        got: image?.value ?? 'none',
      },
    ]
  })
}

function describeNames(nodes: readonly ProjectNode[]): string {
  return nodes.length === 0 ? 'none' : nodes.map(({ facts }) => facts.hostname?.value ?? facts.start.path).join(', ')
}

function startOf(nodes: readonly ProjectNode[]): YamlPlace {
  return nodes[0]?.facts.start ?? { path: '', line: 1, column: 1 }
}
