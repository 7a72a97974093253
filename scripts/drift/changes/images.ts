// Upstream's images themselves: their existence, signers, and further children of their indexes.
import { renderSigner } from '#harness/signing/signer.ts'
import type { Lock, PinnedImage, PinnedSigner } from '#specs/contract/lock.ts'
import { change, changed, type Change } from './change.ts'

export type ImageSide = {
  readonly lock: Lock
  /**
   * True where the indexes of Talos' own images have children beside their platforms; undefined where they were not
   * read.
   */
  readonly attestations: boolean | undefined
}

/** The images of a lock that have a name in every release. */
export function imagesOf({
  installerBase,
  imager,
  kernelImage,
  installer,
  catalogue,
  extensions = [],
  overlays = [],
}: Lock): ReadonlyMap<string, PinnedImage> {
  const own = { 'installer-base': installerBase, imager, kernel: kernelImage, installer, extensions: catalogue }
  return new Map<string, PinnedImage>([
    ...Object.entries(own).flatMap(([name, image]) => (image === undefined ? [] : [[name, image] as const])),
    ...[...extensions, ...overlays].map((one) => [one.name, one] as const),
  ])
}

export function imageChanges(was: ImageSide, is: ImageSide): readonly Change[] {
  const [before, after] = [imagesOf(was.lock), imagesOf(is.lock)]
  const signers = [...after].flatMap(([name, { signer }]) => {
    const old = before.get(name)
    return old === undefined ? [] : signerChange(name, old.signer, signer)
  })
  return [...installerChange(was.lock, is.lock), ...attestationChange(was.attestations, is.attestations), ...signers]
}

/** The change of the installer: since v1.14.0-alpha.1 upstream publishes none, and Image Factory makes it. */
function installerChange(was: Lock, is: Lock): readonly Change[] {
  const show = ({ installer }: Lock): string => (installer === undefined ? 'not published' : 'published')
  return changed(show(was), show(is), () =>
    change('images.installer', 'images', 'decide', `upstream’s own installer is ${show(is)}`, {
      rules: ['CFG-004', 'REL-005'],
      config: ['machine.install.image', 'UnattendedInstallConfig'],
      action:
        is.installer === undefined
          ? 'no node may take its installer from upstream: name the image of the variant, by digest'
          : '',
    }),
  )
}

function attestationChange(was: boolean | undefined, is: boolean | undefined): readonly Change[] {
  if (was === undefined || is === undefined) return []
  const show = (there: boolean): string => (there ? 'there' : 'not there')
  return changed(show(was), show(is), () =>
    change(
      'images.attestations',
      'images',
      'note',
      `buildx’s attestations are ${show(is)} in the indexes of Talos’ own images`,
    ),
  )
}

function signerChange(name: string, was: PinnedSigner | undefined, is: PinnedSigner | undefined): readonly Change[] {
  const [before, after] = [was && renderSigner(was), is && renderSigner(is)]
  return changed(before, after, () =>
    change(
      `image.${name}.signer`,
      'images',
      is === undefined ? 'breaks' : 'note',
      `${name} is signed by ${after ?? 'no one'}`,
      {
        rules: ['SUP-005'],
        contract: ['upstream.signers'],
        action: is === undefined ? 'wait until upstream signed it' : '',
      },
    ),
  )
}
