// The content of an image as SPDX 2.3 in JSON, made from the lock: https://spdx.github.io/spdx-spec/v2.3/. The same
// image, lock and contract give the same bytes.
import { createHash } from 'node:crypto'
import { encodedPart, parseDigest, type Digest } from '#harness/bytes/digest.ts'
import { splitImageName } from '../image-name.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'

export type SpdxInputs = {
  readonly digest: Digest
  /** Registry and repository that the image is in. */
  readonly repository: string
  readonly variant: string
  readonly contract: Contract
  readonly lock: Lock & { readonly talos: string }
}

type Package = {
  readonly id: string
  readonly name: string
  readonly version?: string | undefined
  readonly sha256?: string | undefined
  readonly references: readonly Reference[]
  readonly purpose: 'CONTAINER' | 'OPERATING-SYSTEM' | 'APPLICATION'
}
type Reference = readonly [category: 'PACKAGE-MANAGER' | 'SECURITY', type: 'purl' | 'cpe23Type', locator: string]

const TOOL = 'Tool: talos-image-contract'

export function encodeSpdx(inputs: SpdxInputs): Uint8Array {
  const packages = packagesOf(inputs)
  const [image, ...parts] = packages.map(({ id }) => id)
  const body = {
    packages: packages.map(toSpdx),
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: image },
      ...parts.map((part) => ({ spdxElementId: image, relationshipType: 'CONTAINS', relatedSpdxElement: part })),
    ],
  }
  const { repository, digest, lock } = inputs
  const content = createHash('sha256').update(JSON.stringify(body)).digest('hex')
  return Buffer.from(
    JSON.stringify({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: `${repository}@${digest}`,
      // Unique for each content, as the specification asks for, and no random number.
      documentNamespace: `https://${repository}/spdx/${encodedPart(digest)}/${content.slice(0, 32)}`,
      creationInfo: { creators: [TOOL], created: toTime(lock.sourceDate ?? 0) },
      ...body,
    }),
  )
}

/** The image itself first. */
function packagesOf({ digest, repository, variant, contract, lock }: SpdxInputs): readonly Package[] {
  const { talos, kernel, kernelRelease, installerBase } = lock
  const wanted = contract.variants[variant]?.extensions ?? []
  const extensions = wanted.flatMap((name) => lock.extensions?.filter((one) => one.name === name) ?? [])
  const kernelVersion = kernelRelease?.replace(/-talos$/, '')
  return [
    {
      id: 'SPDXRef-Image',
      name: `talos-${variant}`,
      version: talos,
      sha256: encodedPart(digest),
      references: [['PACKAGE-MANAGER', 'purl', packageUrl(`${repository}:${talos}`, digest)]],
      purpose: 'CONTAINER',
    },
    {
      id: 'SPDXRef-Talos',
      name: 'talos',
      version: talos,
      references: [
        ['PACKAGE-MANAGER', 'purl', `pkg:github/siderolabs/talos@${talos}`],
        ['SECURITY', 'cpe23Type', `cpe:2.3:o:siderolabs:talos_linux:${talos.slice(1)}:*:*:*:*:*:*:*`],
      ],
      purpose: 'OPERATING-SYSTEM',
    },
    ...(kernelVersion === undefined
      ? []
      : [
          {
            id: 'SPDXRef-Kernel',
            name: 'kernel',
            version: kernelVersion,
            sha256: kernel?.sha256,
            references: [
              ['SECURITY', 'cpe23Type', `cpe:2.3:o:linux:linux_kernel:${kernelVersion}:*:*:*:*:*:*:*`] as const,
            ],
            purpose: 'OPERATING-SYSTEM' as const,
          },
        ]),
    ...(installerBase === undefined
      ? []
      : [toPackage('Base', { ...installerBase, name: 'installer-base', version: talos })]),
    ...extensions.map((one) => toPackage(`Extension-${one.name.replaceAll(/[^A-Za-z0-9.-]/g, '-')}`, one)),
  ]
}

type Pinned = { readonly name: string; readonly version: string; readonly reference: string; readonly digest: string }

function toPackage(id: string, { name, version, reference, digest }: Pinned): Package {
  const checked = parseDigest(digest, { path: reference })
  return {
    id: `SPDXRef-${id}`,
    name,
    version,
    sha256: encodedPart(checked),
    references: [['PACKAGE-MANAGER', 'purl', packageUrl(reference, checked)]],
    purpose: 'APPLICATION',
  }
}

function toSpdx({ id, name, version, sha256, references, purpose }: Package): object {
  return {
    name,
    SPDXID: id,
    ...(version !== undefined && { versionInfo: version }),
    supplier: 'NOASSERTION',
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    primaryPackagePurpose: purpose,
    ...(sha256 !== undefined && { checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }] }),
    externalRefs: references.map(([referenceCategory, referenceType, referenceLocator]) => ({
      referenceCategory,
      referenceType,
      referenceLocator,
    })),
  }
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
