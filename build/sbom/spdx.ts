// A bill of materials of an image as SPDX 2.3 in JSON (https://spdx.github.io/spdx-spec/v2.3/): the image with its
// layers, kernel and extensions by digest, and every package of the documents inside. Written here: npm has readers of
// licence expressions, and no kept library of documents. The same image and lock give the same bytes.
import { createHash } from 'node:crypto'
import { encodedPart, parseDigest, type Digest } from '#harness/bytes/digest.ts'
import type { SbomContents, SbomExtension } from '#harness/talos/sbom/inside.ts'
import { splitImageName } from '../image-name.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { carryOver, contains, ownPackage, type Element } from './elements.ts'

export type SbomInputs = {
  /** `talos-spin-only`. */
  readonly name: string
  readonly contents: SbomContents
  /** Of the manifest; undefined for what is no image. */
  readonly digest: Digest | undefined
  /** Digests of the layers, in their order; none for what is no image. */
  readonly layers: readonly Digest[]
  /** Seconds of the image's own time. */
  readonly created: number
  /** Registry and repository that the image is in, where it is in one. */
  readonly repository?: string | undefined
  /** The lock that the image was judged by: where its extensions come from. */
  readonly lock?: Pick<Lock, 'extensions' | 'installerBase'> | undefined
}

const TOOL = 'Tool: talos-image-contract'
/** Namespaces of documents that are found nowhere else: https://spdx.github.io/spdx-spec/v2.3/document-creation-information/ */
const NAMESPACE = 'https://spdx.org/spdxdocs'
const IMAGE = 'SPDXRef-Image'
const TALOS = 'SPDXRef-Talos'

export function encodeSpdx(inputs: SbomInputs): Uint8Array {
  const { name, digest, contents, created, layers, lock } = inputs
  const { talos, kernel, initramfs, documents, extensions } = contents
  const parts: readonly Element[] = [
    ...layers.map((layer, at) =>
      ownPackage({ id: `Layer-${at + 1}`, name: `layer ${at + 1}`, sha256: encodedPart(layer), purpose: 'ARCHIVE' }),
    ),
    ownPackage({
      id: 'Talos',
      name: 'talos',
      version: talos,
      supplier: 'Sidero Labs',
      references:
        talos === undefined
          ? []
          : [
              ['PACKAGE-MANAGER', 'purl', `pkg:github/siderolabs/talos@${talos}`],
              ['SECURITY', 'cpe23Type', `cpe:2.3:o:siderolabs:talos_linux:${talos.slice(1)}:*:*:*:*:*:*:*`],
            ],
      purpose: 'OPERATING-SYSTEM',
    }),
    kernelPackage(kernel),
    ...(initramfs === undefined
      ? []
      : [
          ownPackage({
            id: 'Initramfs',
            name: 'initramfs',
            version: talos,
            sha256: initramfs.sha256,
            purpose: 'ARCHIVE',
          }),
        ]),
    // An asset image has one layer, and no base.
    ...(lock?.installerBase === undefined || layers.length < 2 ? [] : [basePackage(lock.installerBase, talos)]),
    ...extensions.map((one, at) => extensionPackage(one, at + 1, lock)),
  ]
  const carried = [
    carryOver(TALOS, documents),
    ...extensions.map((one, at) => carryOver(`SPDXRef-Extension-${at + 1}`, one.documents)),
  ]
  const licences = carried.flatMap((one) => one.licences)
  const body = {
    packages: [imagePackage(inputs), ...parts, ...carried.flatMap((one) => one.packages)],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: IMAGE },
      ...parts.map(({ SPDXID }) => contains(IMAGE, SPDXID)),
      ...carried.flatMap((one) => one.relationships),
    ],
    ...(licences.length > 0 && { hasExtractedLicensingInfos: licences }),
  }
  const content = createHash('sha256')
    .update(JSON.stringify([created, body]))
    .digest('hex')
  return Buffer.from(
    JSON.stringify({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: digest === undefined ? name : `${name}@${digest}`,
      // Unique for each content, as the specification asks for, and no random number.
      documentNamespace: [
        `${NAMESPACE}/${name}`,
        ...(digest === undefined ? [] : [encodedPart(digest)]),
        content.slice(0, 32),
      ].join('-'),
      creationInfo: { creators: [TOOL], created: toTime(created) },
      ...body,
    }),
  )
}

function imagePackage({ name, digest, repository, contents: { talos } }: SbomInputs): Element {
  const tagged = `${repository}${talos === undefined ? '' : `:${talos}`}`
  return ownPackage({
    id: 'Image',
    name,
    version: talos,
    sha256: digest && encodedPart(digest),
    references:
      repository === undefined || digest === undefined ? [] : [['PACKAGE-MANAGER', 'purl', packageUrl(tagged, digest)]],
    purpose: 'CONTAINER',
  })
}

function kernelPackage({ release, sha256 }: SbomContents['kernel']): Element {
  const version = release?.replace(/-talos$/, '')
  return ownPackage({
    id: 'Kernel',
    name: 'kernel',
    version,
    sha256,
    references:
      version === undefined ? [] : [['SECURITY', 'cpe23Type', `cpe:2.3:o:linux:linux_kernel:${version}:*:*:*:*:*:*:*`]],
    purpose: 'OPERATING-SYSTEM',
  })
}

type Pinned = { readonly reference: string; readonly digest: string }

function basePackage({ reference, digest }: Pinned, version: string | undefined): Element {
  const checked = parseDigest(digest, { path: reference })
  return ownPackage({
    id: 'Base',
    name: 'installer-base',
    version,
    sha256: encodedPart(checked),
    references: [['PACKAGE-MANAGER', 'purl', packageUrl(reference, checked)]],
    purpose: 'CONTAINER',
  })
}

/** `sha256` is of the layer in the image; the package URL names the image of upstream that the lock pins. */
function extensionPackage(
  { name, version, author, sha256 }: SbomExtension,
  number: number,
  lock: SbomInputs['lock'],
): Element {
  const pinned = lock?.extensions?.find((one) => one.name === name && one.version === version)
  return ownPackage({
    id: `Extension-${number}`,
    name,
    version,
    supplier: author,
    sha256,
    references:
      pinned === undefined
        ? []
        : [
            [
              'PACKAGE-MANAGER',
              'purl',
              packageUrl(pinned.reference, parseDigest(pinned.digest, { path: pinned.reference })),
            ],
          ],
    purpose: 'APPLICATION',
  })
}

/** https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md */
function packageUrl(reference: string, digest: Digest): string {
  const { repository, name, tag } = splitImageName(reference)
  const tagged = tag === undefined ? '' : `&tag=${tag}`
  return `pkg:oci/${name}@${encodeURIComponent(digest)}?arch=arm64&repository_url=${encodeURIComponent(repository)}${tagged}`
}

/** RFC 3339 in UTC, to the second. */
function toTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
