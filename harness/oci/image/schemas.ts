// The JSON documents of an image: https://github.com/opencontainers/image-spec/tree/v1.1.1 (descriptor, manifest,
// index, config). Loose: what others add is kept; what we read has the type that we say.
import { z } from 'zod'
import { isDigest, type Digest } from '../../bytes/digest.ts'
import { FormatError, SchemaError, type Location } from '../../errors.ts'
import { readJson, type JsonText } from '../../json/document.ts'
import type { Spelling } from '../../json/spelling.ts'
import type { JsonProblem } from '../../json/walk.ts'

/** The size that registries must accept and containerd, containers/image and Docker enforce. */
export const MAX_MANIFEST_BYTES = 4 << 20
/** Twice what a manifest may have: `history` holds whole shell commands. Talos has under 2 KiB. */
export const MAX_CONFIG_BYTES = 8 << 20

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
  error: 'expected sha256:<64 hex digits> or sha512:<128>',
})
const strings = z.record(z.string(), z.string())
const size = z.int().nonnegative()

/** A field that we do not read and Go's clients do: in any other spelling it is still theirs. */
const other = z.unknown().optional()

const platform = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
  'os.version': z.string().nullish(),
  'os.features': z.array(z.string()).nullish(),
  features: z.array(z.string()).nullish(),
})

export const descriptorSchema = z.looseObject({
  mediaType: z.string(),
  digest,
  size,
  urls: z.array(z.string()).optional(),
  annotations: strings.optional(),
  /** Base64 of the content itself. */
  data: z.string().optional(),
  artifactType: z.string().optional(),
  platform: platform.optional(),
})

export const manifestSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
  subject: descriptorSchema.optional(),
  annotations: strings.optional(),
})

export const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  manifests: z.array(descriptorSchema),
  subject: descriptorSchema.optional(),
  annotations: strings.optional(),
})

/** Go writes an absent slice or map as null. */
const list = z.array(z.string()).nullish()

/** The rest of `container.Config` (moby) and `v1.Config` (go-containerregistry). */
const othersOfConfig = {
  AttachStderr: other,
  AttachStdin: other,
  AttachStdout: other,
  ArgsEscaped: other,
  Domainname: other,
  Healthcheck: other,
  Hostname: other,
  Image: other,
  MacAddress: other,
  NetworkDisabled: other,
  OnBuild: other,
  OpenStdin: other,
  Shell: other,
  StdinOnce: other,
  StopSignal: other,
  StopTimeout: other,
  Tty: other,
}

export const configSchema = z.looseObject({
  architecture: z.string().optional(),
  os: z.string().optional(),
  variant: z.string().optional(),
  created: z.string().optional(),
  author: z.string().optional(),
  container: other,
  container_config: other,
  docker_version: other,
  'os.version': other,
  'os.features': other,
  config: z
    .looseObject({
      User: z.string().optional(),
      Env: list,
      Entrypoint: list,
      Cmd: list,
      WorkingDir: z.string().optional(),
      Labels: strings.nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      ...othersOfConfig,
    })
    .nullish(),
  rootfs: z.looseObject({
    /** `layers`, says the specification; '' in what Talos' imager made before 1.13. */
    type: z.string(),
    diff_ids: z.array(digest).nullish(),
  }),
  history: z
    .array(
      z.looseObject({
        created: z.string().optional(),
        created_by: z.string().optional(),
        author: z.string().optional(),
        comment: z.string().optional(),
        empty_layer: z.boolean().optional(),
      }),
    )
    .nullish(),
})

export type Platform = z.infer<typeof platform>
export type Descriptor = z.infer<typeof descriptorSchema>
export type Manifest = z.infer<typeof manifestSchema>
export type Index = z.infer<typeof indexSchema>
export type ImageConfig = z.infer<typeof configSchema>

/**
 * JSON text as a value of `schema`. LIMIT_EXCEEDED above `maxBytes`, MALFORMED for what is no JSON in UTF-8 and for
 * what Go reads otherwise (see readJson), SchemaError with every issue for JSON of another shape. `name` is what errors
 * call the document.
 */
export function parseDocument<T>(
  bytes: Uint8Array,
  schema: z.ZodType<T>,
  name: string,
  where: Location,
  maxBytes = MAX_MANIFEST_BYTES,
): T {
  const { value, problems } = readJsonDocument(bytes, schema, name, where, maxBytes)
  assertNoProblem(problems, name, where)
  return value
}

export type ParseOptions = {
  readonly maxBytes?: number
  /** The schema whose keys are fields; without it only duplicate keys are refused. */
  readonly schema?: z.ZodType
  readonly spelling?: Spelling
}

/** The first half of `parseDocument`: any JSON value. */
export function parseJson(bytes: Uint8Array, name: string, where: Location, options: ParseOptions = {}): unknown {
  const { maxBytes = MAX_MANIFEST_BYTES, ...others } = options
  const { value, problems } = readJson(bytes, name, where, { maxBytes, ...others })
  assertNoProblem(problems, name, where)
  return value
}

function assertNoProblem([problem]: readonly JsonProblem[], name: string, where: Location): void {
  if (problem === undefined) return
  const { pointer, message } = problem
  throw new FormatError(name, 'MALFORMED', message, { at: { ...where, pointer } })
}

/** A document with the places where Go reads it otherwise, for rules that say so themselves. */
export type ReadDocument<T> = Pick<JsonText, 'compact' | 'unknown'> & {
  readonly value: T
  readonly problems: readonly JsonProblem[]
}

/** Parses as `parseDocument`, but what Go reads otherwise is no error. */
export function readJsonDocument<T>(
  bytes: Uint8Array,
  schema: z.ZodType<T>,
  name: string,
  where: Location,
  maxBytes = MAX_MANIFEST_BYTES,
): ReadDocument<T> {
  const { value, ...facts } = readJson(bytes, name, where, { maxBytes, schema })
  return { value: checkShape(value, schema, name, where), ...facts }
}

/** The second half of `parseDocument`. */
export function checkShape<T>(value: unknown, schema: z.ZodType<T>, name: string, where: Location): T {
  const outcome = schema.safeParse(value)
  if (outcome.success) return outcome.data
  throw new SchemaError(
    name,
    outcome.error.issues.map(({ path, message }) => ({ path: path.map((key) => `/${String(key)}`).join(''), message })),
    { at: where },
  )
}
