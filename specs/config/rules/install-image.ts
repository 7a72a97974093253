// The image that a node installs: which variant, which bytes, and on which nodes.
import { FormatError, HarnessError } from '#harness/errors.ts'
import { parseReference, type RegistryReference } from '#harness/oci/image/reference.ts'
import type { MachineConfigFacts, Placed } from '#harness/machine-config/facts.ts'
import { quirksOf } from '#harness/talos/quirks.ts'
import type { Contract } from '../../contract/contract.ts'
import { repositoriesOf, variantOf } from '../../contract/repositories.ts'
import {
  isUnknown,
  unknownValue,
  type ConfigContext,
  type ConfigFinding,
  type ConfigJudge,
} from '../../support/config-rule.ts'
import { factoriesOf, factoryDifferences, factoryImage, isSameSet, unknownFactory } from './factory-image.ts'

/** A version tag may be moved by hand; its immutable tag with digits of lock and contract never is. */
const IMMUTABLE_TAG = /-[0-9a-f]{8}$/
/** Upstream's installer, below its namespace. */
const INSTALLER = 'installer'
/** SHA-256 of the schematic that lists nothing, `customization: {}`. */
const EMPTY_SCHEMATIC = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba'
const VERSION = /^v\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/

/**
 * The variant that this configuration installs, by the name of its repository or by the extensions of the schematic that
 * it names; undefined for an unknown one.
 */
export function installedVariant(
  facts: MachineConfigFacts,
  contract: Contract,
  schematic?: NonNullable<ConfigContext['beside']>['schematic'],
): string | undefined {
  const image = facts.installs.find((install) => install.image !== undefined)?.image
  const reference = image === undefined ? undefined : toReference(image.value)
  if (reference === undefined) return undefined
  const named = variantOf(reference, contract)
  if (named !== undefined || schematic?.id !== factoryImage(reference, contract)?.schematic) return named
  return Object.entries(contract.variants).find(([, { extensions }]) =>
    isSameSet(schematic?.extensions ?? [], extensions),
  )?.[0]
}

/** True for a configuration that installs an image of Image Factory. */
export function installsFactoryImage(
  { installs }: Pick<MachineConfigFacts, 'installs'>,
  contract: Pick<Contract, 'upstream'>,
): boolean {
  return installs.some(({ image }) => {
    const reference = image === undefined ? undefined : toReference(image.value)
    return reference !== undefined && factoryImage(reference, contract) !== undefined
  })
}

/** The release in the tag of the image that is installed; undefined where the tag is none or is absent. */
export function installedTalos({ installs }: Pick<MachineConfigFacts, 'installs'>): Placed | undefined {
  const image = installs.find((install) => install.image !== undefined)?.image
  const version = image === undefined ? '' : (toReference(image.value)?.tag ?? '').replace(IMMUTABLE_TAG, '')
  return image === undefined || !VERSION.test(version) ? undefined : { value: version, at: image.at }
}

function toReference(text: string): RegistryReference | undefined {
  try {
    const reference = parseReference(text)
    return reference.kind === 'registry' ? reference : undefined
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}

function judgeImage({ value: got, at }: Placed, context: ConfigContext): readonly ConfigFinding[] {
  const { variantName, contract, talos } = context
  if (isUnknown(got)) return [unknownValue('the install image', { value: got, at })]
  const reference = toReference(got)
  const repositories = repositoriesOf(variantName, contract)
  const expected = `${repositories.join(' or ')}, by immutable tag or digest`
  if (reference === undefined) return [{ at, message: 'the install image is no image reference', expected, got }]
  const findings: ConfigFinding[] = []
  const found = variantOf(reference, contract)
  const factory = factoryImage(reference, contract)
  const known = factory && context.beside?.schematic
  if (factory !== undefined && known !== undefined)
    findings.push(...factoryDifferences(factory, known, context).map((one) => ({ at, ...one })))
  else if (found !== variantName)
    findings.push({
      at,
      message: found === undefined ? ofNoVariant(reference, context) : `the install image is of ${found}`,
      expected: repositories.join(' or '),
      got: `${reference.registry}/${reference.repository}`,
    })
  const { tag = '' } = reference
  const isOfFactory = factory !== undefined && VERSION.test(tag)
  if (reference.digest === undefined && isOfFactory)
    findings.push({
      at,
      message:
        'the tag names the schematic and the release that the image is made of, not its bytes: only a digest does',
      kind: 'note',
    })
  else if (reference.digest === undefined && !(IMMUTABLE_TAG.test(tag) && VERSION.test(tag.replace(IMMUTABLE_TAG, ''))))
    findings.push({
      at,
      message: 'the install image can change under its name',
      expected: 'an immutable tag (vX.Y.Z-<8 hex digits>) or a digest (@sha256:…)',
      got: tag === '' ? 'neither' : `tag ${tag}`,
    })
  findings.push(...otherThanJudged(reference, at, context))
  const version = tag.replace(IMMUTABLE_TAG, '')
  if (talos !== undefined && VERSION.test(version) && version !== talos)
    findings.push({ at, message: 'the install image is of another Talos', expected: talos, got: version })
  return findings
}

/**
 * An install image other than the judged one, which the node is meant to install: digests decide, else immutable tags.
 */
function otherThanJudged(
  { digest, tag = '' }: RegistryReference,
  at: Placed['at'],
  { beside = {} }: ConfigContext,
): readonly ConfigFinding[] {
  const message = 'the install image is another than the one that is judged'
  if (digest !== undefined)
    return beside.digest === undefined || beside.digest === digest || beside.manifest === digest
      ? []
      : [{ at, message, expected: beside.digest, got: digest }]
  const both = [tag, beside.tag ?? ''].every((one) => IMMUTABLE_TAG.test(one))
  return !both || tag === beside.tag ? [] : [{ at, message, expected: beside.tag ?? '', got: tag }]
}

/**
 * Upstream's own installer has no extensions, and is not there at all once upstream stopped to publish it; an image of
 * Image Factory has what its schematic lists, and a schematic is named by a hash.
 */
function ofNoVariant(
  { registry, repository, tag }: RegistryReference,
  { contract, talos, variant: { extensions } }: ConfigContext,
): string {
  const said = 'the install image is of no variant'
  const schematic = factoryImage({ registry, repository }, contract)?.schematic
  if (schematic === EMPTY_SCHEMATIC)
    return `${said}: Image Factory's without extensions, which lacks ${extensions.join(', ')}`
  if (schematic !== undefined)
    return `${said}: Image Factory's, which lacks what its schematic does not list of ${extensions.join(', ')} (--schematic FILE says what)`
  const host = unknownFactory({ registry, repository }, contract)
  if (host !== undefined)
    return `${said}: it is named as those of Image Factory, and ${host} is none of upstream.factories of the contract (${factoriesOf(contract).join(', ')})`
  if (`${registry}/${repository}` !== `${contract.upstream.namespace}/${INSTALLER}`) return said
  const version = tag !== undefined && VERSION.test(tag) ? tag : talos
  return version === undefined || isPublished(version)
    ? `${said}: upstream's, which lacks ${extensions.join(', ')}`
    : `${said}, and upstream publishes none of ${version}`
}

/** True for a release that upstream published, and where that is unknown. */
function isPublished(talos: string): boolean {
  try {
    return quirksOf(talos).publishesInstaller
  } catch (error) {
    if (error instanceof FormatError) return true
    throw error
  }
}

/** Judges a node where the contract names its gateways: any node may be one where it does not. */
function judgeNode(facts: MachineConfigFacts, { variant, contract }: ConfigContext): readonly ConfigFinding[] {
  const { names } = contract.gateways
  if (variant.role !== 'gateway' || names.length === 0) return []
  const { hostname } = facts
  if (hostname !== undefined && names.includes(hostname.value)) return []
  return [
    {
      at: hostname?.at ?? facts.start,
      message: 'a node installs the gateway variant and is none of the gateways of the contract',
      expected: `hostname ${names.join(' or ')}`,
      got: hostname?.value ?? 'no hostname',
    },
  ]
}

export const judgeInstallImage: ConfigJudge = (facts, context) => {
  const absent = facts.installs.filter(({ image }) => image === undefined)
  const nowhere = facts.installs.length === 0 ? [{ at: facts.machineAt ?? facts.start }] : absent
  return [
    ...nowhere.map(({ at }) => ({
      at,
      message: 'no install image is named, so that Talos installs its own, without extensions',
      expected: `machine.install.image or UnattendedInstallConfig with an image of ${context.variantName}`,
      got: 'none',
    })),
    ...facts.installs.flatMap(({ image }) => (image === undefined ? [] : judgeImage(image, context))),
    ...judgeNode(facts, context),
  ]
}
