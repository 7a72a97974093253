// A lock file: read, checked against itself, and written.
import { digestOf, type Digest } from '#harness/bytes/digest.ts'
import { FormatError } from '#harness/errors.ts'
import { validate } from '#harness/formats/yaml/schema.ts'
import { parseJson } from '#harness/oci/image/schemas.ts'
import { validateDocument } from './findings/document.ts'
import { contradictionsOf } from './lock-contradictions.ts'
import { LOCK_SCHEMA, lockFields, type Lock } from './lock-schema.ts'

export { LOCK_SCHEMA } from './lock-schema.ts'
export type {
  Lock,
  PinnedBase,
  PinnedExtension,
  PinnedFile,
  PinnedImage,
  PinnedOverlay,
  PinnedSigner,
} from './lock-schema.ts'

const lockSchema = lockFields.superRefine((lock, context) => {
  for (const { path, message } of contradictionsOf(lock)) context.addIssue({ code: 'custom', path: [...path], message })
})

/** Options of that command beside the release. */
type LockArguments = { readonly contract?: string; readonly lock?: string; readonly reference?: string }

/** The command that writes a lock; named wherever a fact is missing. */
export function lockCommand(talos: string | undefined, options: LockArguments = {}): string {
  const given = Object.entries(options).map(([name, value]) => ` --${name} ${quoted(value)}`)
  return `npx talos-image lock --talos ${talos ?? 'vX.Y.Z'}${given.join('')}`
}

/** For a shell, where it needs it. */
function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * A lock file (JSON). SchemaError with every issue, contradictions included; FormatError MALFORMED when it is no JSON,
 * UNSUPPORTED for a lock of another schema.
 */
export function parseLock(bytes: Uint8Array, path: string): Lock {
  const value = withoutSchema(parseJson(bytes, 'lock', { path }, { schema: lockSchema }))
  const { schema, talos } = headOf(value)
  if (schema !== undefined && schema !== LOCK_SCHEMA)
    throw new FormatError(
      'lock',
      'UNSUPPORTED',
      `expected a lock of schema ${LOCK_SCHEMA}, got schema ${String(schema)}; it is written anew by: ${lockCommand(talos)}`,
      { at: { path, pointer: '/schema' } },
    )
  return validateDocument('lock', lockSchema, value, { bytes, where: { path } })
}

/** Without the JSON Schema that the file names for editors: it is no fact. */
function withoutSchema(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { $schema: _, ...facts } = value as Record<string, unknown>
  return facts
}

/** The schema version and the Talos tag of a lock, read before anything else of it. */
function headOf(value: unknown): { readonly schema?: unknown; readonly talos?: string } {
  if (typeof value !== 'object' || value === null) return {}
  const { schema, talos } = value as Record<string, unknown>
  return { schema, ...(typeof talos === 'string' && /^v[0-9A-Za-z.-]{1,40}$/.test(talos) && { talos }) }
}

/** The digest of the lock's canonical bytes, which an image's label claims. */
export function lockDigest(lock: Lock): Digest {
  return digestOf(Buffer.from(formatLock(lock)))
}

/**
 * The lock as it is in a file: keys in the order of the schema, extensions by name, a newline at the end.
 * SchemaError for what `parseLock` would refuse.
 */
export function formatLock(lock: Lock): string {
  const extensions = lock.extensions?.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const value = { ...lock, ...(extensions && { extensions }) }
  return `${JSON.stringify(validate('lock', lockSchema, value, {}), null, 2)}\n`
}
