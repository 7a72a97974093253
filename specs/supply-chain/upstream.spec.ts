// The sources of an image: the catalogue and the signatures of siderolabs, as talos-image lock read and verified them
// (https://www.talos.dev/v1.11/advanced/verifying-images/).
import { matchesSigner, renderSigner } from '#harness/signing/signer.ts'
import { heldExtensions, ownExtensions, ownKernel, type Contract, type OwnKernel } from '../contract/contract.ts'
import type { Lock, PinnedExtension, PinnedImage, PinnedSigner } from '../contract/lock.ts'
import { AbsentFactError } from '../support/absent-fact.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must(
    'SUP-004',
    'every pinned extension is, tag and digest, in the catalogue of the same Talos version, or the image that the contract names for it, or is held back from that of another (of the release that the contract says, where it does), and signed (a live tag that moved since is a note, not a failure)',
    {
      targets: ['release'],
      scope: 'installer',
      pinned: true,
      fix: 'run npx talos-image lock again: it takes every extension by the digest that the catalogue has; one that stays at an older release by decision has that release as talos in the contract',
    },
  ),
  async ({ contract, pinned, note, judge }) => {
    const { reference, images } = pinned('catalogue')
    if (images === undefined) throw new AbsentFactError('catalogue.images')
    const at = { path: 'lock', pointer: '/catalogue' }
    judge(tagOf(reference), at).toBe(pinned('talos'))
    const catalogued = new Set(images.map(nameOf))
    const own = new Map(ownExtensions(contract).map((one) => [one.name, one]))
    const declared = new Map([...own.values(), ...heldExtensions(contract)].map(({ name, talos }) => [name, talos]))
    const talos = pinned('talos')
    const listed = (extension: PinnedExtension): boolean => {
      const release = declared.get(extension.name)
      const image = own.get(extension.name)?.image
      if (image !== undefined && !isImage(image, extension)) return false
      if (image !== undefined && release === undefined) return [undefined, talos].includes(releaseOf(extension))
      return release === undefined && catalogued.has(nameOf(`${extension.reference}@${extension.digest}`))
    }
    const others = pinned('extensions').filter((extension) => !listed(extension))
    // Without a catalogue that lists it, only its signature says that upstream released it; whose it is, is for SUP-005.
    const isHeld = (extension: PinnedExtension): boolean => {
      const { name, held, signer } = extension
      const image = own.get(name)?.image
      if (held === undefined || signer === undefined || (image !== undefined && !isImage(image, extension)))
        return false
      const release = declared.get(name)
      return release === undefined ? held !== talos : held === release
    }
    const extensionsAt = { path: 'lock', pointer: '/extensions' }
    for (const { name, reference: kept, held } of others.filter(isHeld))
      if (held !== talos) note(`${name} is held back: ${kept} is of Talos ${held}`, extensionsAt)
    const absent = others.filter((extension) => !isHeld(extension))
    judge(
      absent.map((extension) => nameOf(`${extension.reference}@${extension.digest}`)),
      extensionsAt,
    ).toEqual([])
  },
)

test(
  ...must(
    'SUP-006',
    'the pinned kernel and base initramfs are of the image that the contract names (kernel.image), and of upstream’s imager where it names none',
    {
      targets: ['release'],
      scope: 'installer',
      pinned: true,
      fix: 'run npx talos-image lock with the contract: it takes kernel and base initramfs from the image that the contract names',
    },
  ),
  async ({ contract, lock, pinned, judge }) => {
    const wanted = ownKernel(contract)?.image
    const at = { path: 'lock', pointer: '/kernelImage' }
    if (wanted === undefined || lock?.kernelImage === undefined)
      judge(lock?.kernelImage?.reference, at).toBe(wanted && nameAndTag(wanted))
    else judge(isImage(wanted, pinned('kernelImage')), at).toBe(true)
  },
)

test(
  ...must(
    'SUP-005',
    "the lock's evidence says that the catalogue and every pinned image are signed by the upstream identity, an extension or a kernel of the contract’s own by the signer that it names; absent and invalid are distinguished",
    {
      targets: ['release'],
      scope: 'installer',
      pinned: true,
      fix: 'run npx talos-image lock, which verifies every image; contract.upstream.signers says whose signature counts',
    },
  ),
  async ({ lock, pinned, contract, judge }) => {
    const overlays = (contract.overlays ?? []).map(({ name }) => {
      const found = pinned('overlays').find((one) => one.name === name)
      if (found === undefined) throw new AbsentFactError(`overlay ${name}`)
      return found
    })
    const parts = [pinned('catalogue'), pinned('installerBase'), pinned('imager')]
    const images = [...parts, ...pinned('extensions'), ...overlays]
    const all = [...images, ...[lock?.installer, lock?.kernelImage].filter((image) => image !== undefined)]
    const own = new Map<PinnedImage | undefined, OwnKernel | undefined>([
      ...ownExtensions(contract).map(
        (one) => [pinned('extensions').find(({ name }) => name === one.name), one] as const,
      ),
      [lock?.kernelImage, ownKernel(contract)],
    ])
    const foreign = all.filter((image) => {
      if (image.signer === undefined) return false
      const declared = own.get(image)
      return declared === undefined
        ? !isUpstream(contract, image.signer)
        : !matchesSigner(image.signer, declared.signer)
    })
    judge(
      foreign.map(({ reference, signer }) => `${reference}: ${signer === undefined ? '' : renderSigner(signer)}`),
      { path: 'lock' },
    ).toEqual([])
    const unsigned = all.filter(({ signer }) => signer === undefined).map(({ reference }) => reference)
    if (unsigned.length > 0) throw new AbsentFactError(`who signed ${unsigned.join(', ')}`)
  },
)

function isUpstream({ upstream }: Contract, signer: PinnedSigner): boolean {
  return upstream.signers.some((trusted) => matchesSigner(signer, trusted))
}

/** True for the image that the contract names, by its tag or its digest. */
function isImage(image: string, { reference, digest }: PinnedImage): boolean {
  const [name, wanted = digest] = image.split('@')
  return name === reference && wanted === digest
}

function nameAndTag(image: string): string {
  return image.replace(/@.*$/, '')
}

/** `v1.11.4` of `ghcr.io/you/drbd:9.2.14-v1.11.4`, as siderolabs tags what is built for one release of Talos. */
function releaseOf({ reference }: PinnedImage): string | undefined {
  return /:[^/:@]*-(v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(reference)?.[1]
}

/** `drbd:9.2.14-v1.11.5@sha256:…`: a mirror has its own registry and namespace. */
function nameOf(line: string): string {
  return line.slice(line.lastIndexOf('/', line.indexOf('@')) + 1)
}

function tagOf(reference: NonNullable<Lock['catalogue']>['reference']): string {
  return reference.slice(reference.lastIndexOf(':') + 1)
}
