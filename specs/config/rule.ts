// A rule about a machine configuration: a pure function of its facts, so that it needs no image to be judged.
import type { YamlPlace } from '#harness/formats/yaml-document-nodes.ts'
import type { MachineConfigFacts, Placed, ServiceConfiguration } from '#harness/talos/machine-config-facts.ts'
import type { Contract, Variant } from '../contract/contract.ts'
import type { Level } from '../support/requirement.ts'

export type ConfigFinding = {
  readonly at: YamlPlace
  /** Lower-case clause. */
  readonly message: string
  readonly expected?: string
  readonly got?: string
  /** `note`: worth knowing, nothing is wrong. `unknown`: cannot be judged before a template is filled in. */
  readonly kind?: 'note' | 'unknown'
}

export type ConfigContext = {
  readonly variantName: string
  readonly variant: Variant
  readonly contract: Contract
  /** The Talos tag of the pinned release, where there is a lock. */
  readonly talos?: string
}

export type ConfigRule = {
  readonly id: string
  readonly level: Level
  readonly sentence: string
  readonly fix: string
  /** Ids that must not fail first. */
  readonly needs: readonly string[]
  /** Why the rule says nothing about this variant; undefined where it does. */
  readonly outside?: (context: ConfigContext) => string | undefined
  readonly judge: (facts: MachineConfigFacts, context: ConfigContext) => readonly ConfigFinding[]
}

/** Of what is missing: the image that needs it, else the beginning. */
export function placeOfAbsence(facts: MachineConfigFacts): YamlPlace {
  return facts.installs.find(({ image }) => image !== undefined)?.image?.at ?? facts.start
}

/** Whether something fills the value in before Talos reads it: `${ROUTES}`, `{{ .Routes }}`. */
export function isTemplate(text: string): boolean {
  return /\$\{|\{\{/.test(text)
}

export function onlyGateways({ variantName, variant }: ConfigContext): string | undefined {
  return variant.role === 'gateway' ? undefined : `${variantName} is no gateway`
}

/** The variable that holds, of several of a name the last. */
export function variableOf({ environment }: ServiceConfiguration, name: string): Placed | undefined {
  return environment.findLast((variable) => variable.name === name)
}

/** Carrier-grade NAT, of which Tailscale takes the addresses of all its nodes (RFC 6598). */
export const TAILSCALE_ADDRESSES = '100.64.0.0/10'
