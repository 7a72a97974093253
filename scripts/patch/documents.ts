// The documents of a patch: what the contract promises of the nodes of a variant. From 1.14 on Talos has a document for
// what `machine` held before (siderolabs/talos v1.14.1 pkg/machinery/config/types).
import type { Contract, Variant } from '#specs/contract/contract.ts'
import { PRESET_MODULES, presetSince114, presetUntil113 } from './cozystack.ts'

export type PatchInputs = {
  readonly contract: Contract
  readonly variant: Variant
  /** The whole reference. */
  readonly image: string
  /** `1.13`. */
  readonly minor: string
  readonly nodes: readonly string[]
  readonly pods: readonly string[]
  readonly services: readonly string[]
  /** True for control planes, to which CozyStack gives more. */
  readonly isControlPlane: boolean
}

type Document = Readonly<Record<string, unknown>>

const DRBD = 'drbd'
/** Talos has no drbdadm that the kernel could call (CFG-003). */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = { [DRBD]: ['usermode_helper=disabled'] }
const DOCUMENTS_SINCE = 14
const VERIFICATION_SINCE = 13

/** Documents in the order in which a person reads them. */
export function patchDocuments(inputs: PatchInputs): readonly Document[] {
  const minor = Number(inputs.minor.split('.')[1])
  return [
    ...(minor >= DOCUMENTS_SINCE ? inDocuments(inputs) : [inMachine(inputs)]),
    ...inputs.variant.serviceConfigurations.map((name) => service(name, inputs)),
    ...(minor >= VERIFICATION_SINCE ? verification(inputs) : []),
  ]
}

function modules({
  contract,
  variant,
}: PatchInputs): readonly { readonly name: string; readonly parameters?: readonly string[] }[] {
  const names = new Set([
    ...variant.kernelModules,
    ...(variant.extensions.includes(DRBD) ? [DRBD] : []),
    ...(contract.cozystack === true ? PRESET_MODULES : []),
  ])
  return [...names].map((name) => ({
    name,
    ...(PARAMETERS[name] !== undefined && { parameters: PARAMETERS[name] }),
  }))
}

function inMachine(inputs: PatchInputs): Document {
  const { contract, image, nodes, isControlPlane } = inputs
  const preset = contract.cozystack === true ? presetUntil113(isControlPlane) : undefined
  const kubelet = { ...(nodes.length > 0 && { nodeIP: { validSubnets: nodes } }), ...preset?.kubelet }
  return {
    machine: {
      install: { image },
      kernel: { modules: modules(inputs) },
      ...(Object.keys(kubelet).length > 0 && { kubelet }),
      ...preset?.machine,
    },
    ...(preset !== undefined && { cluster: preset.cluster }),
  }
}

function inDocuments(inputs: PatchInputs): readonly Document[] {
  const { contract, image, nodes, isControlPlane } = inputs
  const preset = contract.cozystack === true ? presetSince114(isControlPlane) : []
  return [
    ...preset.map(([kind, fields]) => (kind === '' ? fields : document(kind, fields))),
    document('UnattendedInstallConfig', { installer: { image } }),
    ...modules(inputs).map((module) => document('KernelModuleConfig', module)),
    ...(nodes.length > 0 ? [document('KubeNodeConfig', { nodeIP: { validSubnets: nodes } })] : []),
  ]
}

/** A skeleton: the key is a reference, and what else a service wants is for a person to add. */
function service(name: string, { pods, services }: PatchInputs): Document {
  const environment =
    name === 'tailscale'
      ? ['TS_AUTHKEY=${TS_AUTHKEY}', `TS_ROUTES=${[...services, ...pods].join(',')}`, 'TS_AUTH_ONCE=true']
      : [`${name.toUpperCase().replaceAll('-', '_')}=\${${name.toUpperCase().replaceAll('-', '_')}}`]
  return document('ExtensionServiceConfig', { name, environment })
}

/** The image of the node by the first signer of the contract: Talos takes one verifier a rule. */
function verification({ contract, image }: PatchInputs): readonly Document[] {
  const [signer] = contract.signing.signers
  if (signer === undefined) return []
  const repository = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
  return [document('ImageVerificationConfig', { rules: [{ image: repository, ...verifier(signer) }] })]
}

function verifier(signer: Contract['signing']['signers'][number]): Document {
  if ('publicKey' in signer) return { publicKey: { certificate: signer.publicKey } }
  const { issuer } = signer
  return 'subject' in signer
    ? { keyless: { issuer, subject: signer.subject } }
    : { keyless: { issuer, subjectRegex: `^(?:${signer.subjectPattern})$` } }
}

function document(kind: string, fields: Document): Document {
  return { apiVersion: 'v1alpha1', kind, ...fields }
}
