// A schematic of Image Factory as something to judge by: its file, and what it says of images and configurations.
import { formatLocation, HarnessError, orAbsent } from '#harness/errors.ts'
import { schematicId, writeSchematic } from '#harness/talos/schematic/canonical.ts'
import { parseSchematic } from '#harness/talos/schematic/schematic.ts'
import { extensionNames, SCHEMATIC } from '#specs/extensions/factory/schematic.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { GivenSchematic } from '#specs/support/applicability.ts'
import type { ImageBeside } from '#specs/support/config-rule.ts'
import type { OpenedPart } from './candidates/part.ts'
import { readBounded } from './bounded-file.ts'
import { UsageError } from './usage-error.ts'

/** Genuine ones have some KiB, with a configuration inside. */
const MAX_BYTES = 1 << 20

/** UsageError for what is no schematic, with its place. */
export async function loadSchematic(path: string): Promise<GivenSchematic> {
  const text = Buffer.from(await readBounded(path, MAX_BYTES)).toString()
  try {
    parseSchematic(Buffer.from(text), path)
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    throw new UsageError(`${formatLocation(error.at)}: ${error.message}`, { cause: error })
  }
  return { path, text }
}

/** Every candidate with the schematic that it must be of. UsageError for several variants: a schematic is of one. */
export function withSchematic<T extends { readonly variant: string }>(
  candidates: readonly T[],
  schematic: GivenSchematic | undefined,
): readonly T[] {
  if (schematic === undefined) return candidates
  const variants = [...new Set(candidates.map(({ variant }) => variant))]
  if (variants.length > 1)
    throw new UsageError(
      `--schematic is the schematic of one image, and there are candidates of several variants (${variants.join(', ')}): name the image that is made of it, and no other`,
    )
  return candidates.map((candidate) => ({ ...candidate, schematic }))
}

/** The id of a schematic and the extensions that it lists, for a configuration that installs its image. */
export function besideOf({ path, text }: GivenSchematic, contract: Contract): { readonly beside: ImageBeside } {
  const schematic = parseSchematic(Buffer.from(text), path)
  const { officialExtensions: repositories } = schematic.customization.systemExtensions
  const names = extensionNames(repositories, contract)
  const extensions = repositories.map((repository, at) => names[at] ?? repository)
  return { beside: { schematic: { id: canonicalId(schematic, text), extensions } } }
}

/** The id of the schematic that an image says it is of; undefined where it says none, or cannot be read. */
export async function idInside(parts: readonly OpenedPart[]): Promise<ImageBeside['schematic']> {
  for (const { talos } of parts) {
    // The rules about extensions say what is wrong with them.
    const layers = await orAbsent(async () => (await talos.extensions()).layers())
    const found = layers?.find(({ metadata }) => metadata.name === SCHEMATIC)
    if (found !== undefined) return { id: found.metadata.version }
  }
  return undefined
}

/** The id of the file as it is where no other is known: then it must be in canonical form. */
function canonicalId(schematic: Parameters<typeof writeSchematic>[0], text: string): string {
  try {
    return schematicId(writeSchematic(schematic))
  } catch (error) {
    if (error instanceof HarnessError) return schematicId(text)
    throw error
  }
}
