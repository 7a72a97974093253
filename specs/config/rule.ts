// How a machine configuration is judged: by pure functions of its facts, which need no image.
import type { YamlPlace } from '#harness/formats/yaml/nodes.ts'
import type { MachineConfigFacts, Placed, ServiceConfiguration } from '#harness/machine-config/facts.ts'
import type { Contract, Variant } from '../contract/contract.ts'

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

/** What of a machine configuration breaks a rule. Called for the variants that the rule speaks about. */
export type ConfigJudge = (facts: MachineConfigFacts, context: ConfigContext) => readonly ConfigFinding[]

/** Of what is missing: the image that needs it, else the beginning. */
export function placeOfAbsence(facts: MachineConfigFacts): YamlPlace {
  return facts.installs.find(({ image }) => image !== undefined)?.image?.at ?? facts.start
}

/** Whether something fills the value in before Talos reads it: `${ROUTES}`, `{{ .Routes }}`. */
export function isTemplate(text: string): boolean {
  return /\$\{|\{\{/.test(text)
}

/** The variable that holds, of several of a name the last. */
export function variableOf({ environment }: ServiceConfiguration, name: string): Placed | undefined {
  return environment.findLast((variable) => variable.name === name)
}

/** Carrier-grade NAT, of which Tailscale takes the addresses of all its nodes (RFC 6598). */
export const TAILSCALE_ADDRESSES = '100.64.0.0/10'
