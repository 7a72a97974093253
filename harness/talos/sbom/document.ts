// An SPDX document whole enough to be carried into another one: packages, how they relate, and licences of its own
// (https://spdx.github.io/spdx-spec/v2.3/, JSON). Files are left out: hashes of what is in the image are ours.
import { z } from 'zod'
import { readAll, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type Location } from '../../errors.ts'
import { validate } from '../../formats/yaml/schema.ts'
import { parseJson } from '../../oci/image/schemas.ts'

/** A Talos root filesystem's document has a few MiB. */
const MAX_BYTES = 64 << 20
/** That of Talos has some two thousand. */
const MAX_ELEMENTS = 50_000

const text = z.string().optional()
const reference = z.object({
  referenceCategory: z.string(),
  referenceType: z.string(),
  referenceLocator: z.string(),
  comment: text,
})
const checksum = z.object({ algorithm: z.string(), checksumValue: z.string() })

/** Fields of other names are left out: those about files, whose elements are. */
const spdxPackage = z.object({
  name: z.string(),
  SPDXID: z.string(),
  versionInfo: text,
  packageFileName: text,
  supplier: text,
  originator: text,
  downloadLocation: text,
  homepage: text,
  sourceInfo: text,
  licenseConcluded: text,
  licenseDeclared: text,
  licenseComments: text,
  copyrightText: text,
  summary: text,
  description: text,
  comment: text,
  primaryPackagePurpose: text,
  checksums: z.array(checksum).optional(),
  externalRefs: z.array(reference).optional(),
})
const relationship = z.object({
  spdxElementId: z.string(),
  relationshipType: z.string(),
  relatedSpdxElement: z.string(),
})
const licence = z.object({ licenseId: z.string(), extractedText: z.string().default('NOASSERTION'), name: text })

const document = z.object({
  spdxVersion: z.string().regex(/^SPDX-2\.\d+$/, 'expected SPDX-2.x'),
  name: z.string(),
  creationInfo: z.object({ created: text }).optional(),
  packages: z.array(spdxPackage).max(MAX_ELEMENTS).default([]),
  relationships: z.array(relationship).max(MAX_ELEMENTS).default([]),
  hasExtractedLicensingInfos: z.array(licence).max(MAX_ELEMENTS).default([]),
})

export type SbomDocument = Readonly<z.output<typeof document>>
export type SbomPackage = SbomDocument['packages'][number]

/** Limits of all documents of an image together: a bill made of them is held in memory, and written, several times. */
export type SbomLimits = { readonly documents: number; readonly bytes: number; readonly elements: number }

/** A release with thirty extensions has some forty documents, of some MiB and ten thousand elements together. */
const SBOM_LIMITS: SbomLimits = { documents: 1000, bytes: MAX_BYTES, elements: 250_000 }

/** Reads one document after another. The most that may still come is one's limit, whatever image or extension it is in. */
export class SbomReader {
  readonly #limits: SbomLimits
  readonly #used = { documents: 0, bytes: 0, elements: 0 }

  constructor(limits: SbomLimits = SBOM_LIMITS) {
    this.#limits = limits
  }

  /**
   * FormatError `spdx` MALFORMED for what is no JSON, LIMIT_EXCEEDED above 64 MiB or where all so far are too much;
   * SchemaError with all issues.
   */
  async read(source: ByteSource): Promise<SbomDocument> {
    this.#spend('documents', 1, source.where)
    this.#spend('bytes', source.size, source.where)
    const read = parseSbomDocument(await readAll(source, MAX_BYTES), source.where)
    const { packages, relationships, hasExtractedLicensingInfos } = read
    const more = packages.flatMap(({ checksums = [], externalRefs = [] }) => [checksums.length, externalRefs.length])
    const elements = [packages.length, relationships.length, hasExtractedLicensingInfos.length, ...more]
    this.#spend(
      'elements',
      elements.reduce((sum, count) => sum + count, 0),
      source.where,
    )
    return read
  }

  #spend(name: keyof SbomLimits, amount: number, at: Location): void {
    this.#used[name] += amount
    const limit = this.#limits[name]
    if (this.#used[name] <= limit) return
    throw new FormatError(
      'spdx',
      'LIMIT_EXCEEDED',
      `expected at most ${limit} ${name} in all documents together, got more`,
      { at },
    )
  }
}

export function parseSbomDocument(bytes: Uint8Array, where: Location): SbomDocument {
  return validate('spdx', document, parseJson(bytes, 'spdx', where, { maxBytes: MAX_BYTES }), where)
}
