// Rules of a machine configuration: pure functions of its facts, which need no image.
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
  /** The Talos tag that the configuration is said to be for. */
  readonly target?: string
  /**
   * The installer image that is judged in the same run: what its reference names, and its manifest where that is an
   * index; and the schematic of Image Factory that the image is of.
   */
  readonly beside?: ImageBeside
}

export type ImageBeside = {
  readonly digest?: string
  readonly manifest?: string
  readonly tag?: string
  /** Of the image or, with the extensions that it lists, the one that was given. */
  readonly schematic?: { readonly id: string; readonly extensions?: readonly string[] }
}

/** Violations of a rule in a machine configuration. Called for the variants that the rule speaks about. */
export type ConfigJudge = (facts: MachineConfigFacts, context: ConfigContext) => readonly ConfigFinding[]

/** A node of a project. */
export type ProjectNode = ConfigContext & {
  readonly facts: MachineConfigFacts
  /** Addresses by which a tool reaches it. */
  readonly reachedBy: readonly string[]
}

/** Violations of a rule across the nodes of a project, in the order in which they were given; one at least. */
export type ProjectJudge = (nodes: readonly ProjectNode[], contract: Contract) => readonly ConfigFinding[]

/** The place of something missing: the image that needs it, else the beginning. */
export function placeOfAbsence(facts: MachineConfigFacts): YamlPlace {
  return facts.installs.find(({ image }) => image !== undefined)?.image?.at ?? facts.start
}

/** A template that is filled in before Talos reads it: `${ROUTES}`, `$ROUTES`, `{{ .Routes }}`. */
const TEMPLATE = /\$\{|\{\{|^\$[A-Z_][A-Z0-9_]*$/
/** Encrypted or looked up: SOPS, age, Ansible Vault, and what vals, 1Password and bank-vaults replace. */
const ENCRYPTED = /^ENC\[|^-----BEGIN AGE ENCRYPTED FILE-----|^\$ANSIBLE_VAULT;|^(?:ref\+[a-z0-9]+:\/\/|op:\/\/|vault:)/

/** True for a value that is not yet what Talos will read. */
export function isUnknown(text: string): boolean {
  return TEMPLATE.test(text) || ENCRYPTED.test(text)
}

/** The finding for a value that cannot be judged; `what` is a subject in the singular, such as `the install image`. */
export function unknownValue(what: string, { value: got, at }: Placed): ConfigFinding {
  const message = TEMPLATE.test(got)
    ? `${what} is known only once its template is filled in`
    : `${what} is encrypted or kept elsewhere: decrypt the file first`
  return { at, message, got, kind: 'unknown' }
}

/** The variable that holds, of several of a name the last. */
export function variableOf({ environment }: ServiceConfiguration, name: string): Placed | undefined {
  return environment.findLast((variable) => variable.name === name)
}
