// An SPDX document whole enough to be carried into another one: packages, how they relate, and licences of its own
// (https://spdx.github.io/spdx-spec/v2.3/, JSON). Files are left out: hashes of what is in the image are ours.
import { z } from 'zod'
import { readAll, type ByteSource } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
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

/** FormatError `spdx` MALFORMED for what is no JSON, LIMIT_EXCEEDED above 64 MiB; SchemaError with all issues. */
export async function readSbomDocument(source: ByteSource): Promise<SbomDocument> {
  const bytes = await readAll(source, MAX_BYTES)
  return parseSbomDocument(bytes, source.where)
}

export function parseSbomDocument(bytes: Uint8Array, where: Location): SbomDocument {
  return validate('spdx', document, parseJson(bytes, 'spdx', where, { maxBytes: MAX_BYTES }), where)
}
