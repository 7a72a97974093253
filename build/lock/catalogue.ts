// The extensions of one Talos release by upstream's catalogue: `image-digests` of `extensions:<tag>`
// (siderolabs/extensions internal/extensions/pkg.yaml).
import type { Digest } from '#harness/bytes/digest.ts'
import { FormatError, HarnessError, type Location } from '#harness/errors.ts'
import { parseReference } from '#harness/oci/image/reference.ts'

/** The catalogue of v1.11.5 has 67 lines and 7 KiB. */
export const MAX_CATALOGUE_BYTES = 1 << 20

export type CataloguedExtension = {
  /** The last part of the repository. */
  readonly name: string
  readonly tag: string
  /** `ghcr.io/siderolabs/drbd:9.2.14-v1.11.5` */
  readonly reference: string
  /** Digest of the index. */
  readonly digest: Digest
  /** The line in the catalogue. */
  readonly line: string
}

/**
 * One `<repository>:<tag>@<digest>` in each line, in the order of the file; empty lines do not count. FormatError
 * MALFORMED for anything else, and for two lines of one name.
 */
export function parseImageDigests(text: string, where: Location): readonly CataloguedExtension[] {
  const found = new Map<string, CataloguedExtension>()
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue
    const extension = parseLine(line, where)
    if (found.has(extension.name)) throw malformed(`expected ${extension.name} once, got it twice`, where)
    found.set(extension.name, extension)
  }
  return [...found.values()]
}

function parseLine(line: string, where: Location): CataloguedExtension {
  const parsed = parse(line)
  if (parsed?.kind !== 'registry' || parsed.tag === undefined || parsed.digest === undefined)
    throw malformed(`expected lines of <repository>:<tag>@<digest>, got ${JSON.stringify(line.slice(0, 200))}`, where)
  const { repository, tag, digest } = parsed
  const name = repository.split('/').at(-1) ?? ''
  return { name, tag, reference: line.slice(0, line.indexOf('@')), digest, line }
}

function parse(line: string): ReturnType<typeof parseReference> | undefined {
  try {
    return parseReference(line)
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}

function malformed(message: string, at: Location): FormatError {
  return new FormatError('catalogue', 'MALFORMED', message, { at })
}
