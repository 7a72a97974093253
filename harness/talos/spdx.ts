// Software bills of material as Talos and its extensions ship them: https://spdx.github.io/spdx-spec/v2.3/, JSON.
import { z } from 'zod'
import { factOf } from '../bytes/identity.ts'
import { readAll, type ByteSource } from '../bytes/source.ts'
import type { Location } from '../errors.ts'
import { validate } from '../formats/yaml/schema.ts'
import { parseJson } from '../oci/image/schemas.ts'

/** A Talos root filesystem's document has a few MiB. */
const MAX_BYTES = 64 << 20

type SpdxReference = {
  /** A category such as `PACKAGE-MANAGER`, `SECURITY`. */
  readonly category: string
  /** A type such as `purl`, `cpe23Type`. */
  readonly type: string
  readonly locator: string
}

type SpdxPackage = {
  readonly name: string
  readonly versionInfo?: string
  readonly externalRefs: readonly SpdxReference[]
}

export type SpdxDocument = {
  /** A version such as `SPDX-2.3`. */
  readonly version: string
  readonly name: string
  readonly packages: readonly SpdxPackage[]
}

const reference = z
  .looseObject({ referenceCategory: z.string(), referenceType: z.string(), referenceLocator: z.string() })
  .transform((value): SpdxReference => ({
    category: value.referenceCategory,
    type: value.referenceType,
    locator: value.referenceLocator,
  }))

const spdxPackage = z
  .looseObject({ name: z.string(), versionInfo: z.string().optional(), externalRefs: z.array(reference).optional() })
  .transform(({ name, versionInfo, externalRefs }): SpdxPackage => ({
    name,
    ...(versionInfo === undefined ? {} : { versionInfo }),
    externalRefs: externalRefs ?? [],
  }))

const spdxDocument = z
  .looseObject({ spdxVersion: z.string(), name: z.string(), packages: z.array(spdxPackage).optional() })
  .transform(({ spdxVersion, name, packages }): SpdxDocument => ({
    version: spdxVersion,
    name,
    packages: packages ?? [],
  }))

/** FormatError `spdx` MALFORMED for what is no JSON, LIMIT_EXCEEDED above 64 MiB; SchemaError with all issues. */
export function parseSpdx(bytes: Uint8Array, where: Location = {}): SpdxDocument {
  return validate(
    'spdx',
    spdxDocument,
    parseJson(bytes, 'spdx', where, { maxBytes: MAX_BYTES, schema: spdxDocument }),
    where,
  )
}

/** The same of a file of at most `maxBytes`; LIMIT_EXCEEDED for a longer one. */
export function readSpdx(source: ByteSource, maxBytes: number): Promise<SpdxDocument> {
  return factOf(
    source,
    `spdx of ${maxBytes}`,
    async () => parseSpdx(await readAll(source, maxBytes), source.where),
    () => 4 * source.size,
  )
}
