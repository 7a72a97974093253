// Two sides against each other: what is otherwise, the worst first.
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { change, changed, type Change } from '../drift/changes/change.ts'
import { compareReleases, sortChanges } from '../drift/changes/compare.ts'
import { configurationChanges, type Configured } from './configuration.ts'
import { compareFiles, type FileDifference } from './files.ts'
import { imageChanges } from './image-changes.ts'
import type { ImageFacts } from './facts.ts'
import type { Side } from './side.ts'
import { upgradeChanges } from './upgrade.ts'

export type CompareTerms = {
  readonly contract: Contract
  readonly config?: MachineConfigFacts | undefined
}

export type Compared = { readonly changes: readonly Change[]; readonly files?: FileDifference }

export function compareSides(was: Side, is: Side, { contract, config }: CompareTerms): Compared {
  const [before, after] = [configuredOf(was), configuredOf(is)]
  const changes = [
    ...upgradeChanges(was, is),
    ...originChanges(was, is),
    ...insideChanges(was, is, contract),
    ...(config === undefined || before === undefined || after === undefined
      ? []
      : configurationChanges(before, after, { config, contract })),
  ]
  return {
    changes: sortChanges(changes),
    ...(was.files !== undefined && is.files !== undefined && { files: compareFiles(was.files, is.files) }),
  }
}

function originChanges(was: Side, is: Side): readonly Change[] {
  return [
    ...changed(was.base, is.base, () =>
      change('image.base', 'images', 'note', `the image is built on another base`, { rules: ['INS-003'] }),
    ),
    ...(was.signer === undefined || is.signer === undefined
      ? []
      : changed(was.signer, is.signer, () =>
          change('image.signer', 'images', 'decide', `the image is signed by ${is.signer}`, {
            rules: ['SUP-001', 'CFG-045'],
            contract: ['signing.signers'],
            action: 'a node that verifies images (ImageVerificationConfig) takes it only from a signer that it knows',
          }),
        )),
  ]
}

function insideChanges(was: Side, is: Side, contract: Contract): readonly Change[] {
  if (was.release !== undefined && is.release !== undefined) return compareReleases(was.release, is.release, contract)
  const [before, after] = [imageOf(was, is, contract), imageOf(is, was, contract)]
  return before === undefined || after === undefined ? [] : imageChanges(before, after, contract)
}

function configuredOf({ image, release }: Side): Configured | undefined {
  return image ?? release
}

/**
 * The facts of an image; of a release what it shares with the image on the other side: of its extensions those of that variant.
 */
function imageOf(side: Side, other: Side, { variants }: Contract): ImageFacts | undefined {
  if (side.image !== undefined || side.release === undefined) return side.image
  if (other.image === undefined) return undefined
  const { talos, boot, uki, extensions } = side.release
  const variant = other.variant === undefined ? undefined : variants[other.variant]
  const isWanted = (name: string): boolean => variant?.extensions.includes(name) ?? true
  return {
    ...other.image,
    talos,
    boot,
    ...(uki && { uki }),
    // Of an image imager takes the firmware out.
    extensions: extensions.filter(({ name }) => isWanted(name)).map((one) => ({ ...one, firmware: [] })),
  }
}
