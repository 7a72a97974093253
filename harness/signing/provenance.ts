// Sources and builder of an image as it claims them: SLSA provenance, https://slsa.dev/spec/v1.0/provenance and
// https://slsa.dev/spec/v0.2/provenance.
import { z } from 'zod'
import { FormatError, type Location } from '../errors.ts'
import { checkShape } from '../oci/image/schemas.ts'
import type { Statement } from './statement.ts'

export const SLSA_V1 = 'https://slsa.dev/provenance/v1'
export const SLSA_V02 = 'https://slsa.dev/provenance/v0.2'

type ProvenanceSource = {
  readonly uri: string
  /** A commit of Git, in hex. */
  readonly commit: string
}

export type Provenance = {
  readonly buildType: string
  /** `builder.id` */
  readonly builder: string
  /** The sources that are commits; in the order of the document, each once. */
  readonly sources: readonly ProvenanceSource[]
}

/** Builds of upstream name some thousand inputs. */
const MAX_MATERIALS = 10_000

const digests = z.record(z.string(), z.string()).nullish()
const material = z.looseObject({ uri: z.string().nullish(), digest: digests })
const materials = z.array(material).max(MAX_MATERIALS).nullish()
const builder = z.looseObject({ id: z.string().min(1) })

const version1 = z.looseObject({
  buildDefinition: z.looseObject({ buildType: z.string(), resolvedDependencies: materials }),
  runDetails: z.looseObject({ builder }),
})

const version02 = z.looseObject({
  builder,
  buildType: z.string(),
  invocation: z.looseObject({ configSource: material.nullish() }).nullish(),
  materials,
})

/** FormatError `provenance` UNSUPPORTED for a statement of another predicate; SchemaError with every issue. */
export function parseProvenance({ predicateType, predicate }: Statement, at: Location = {}): Provenance {
  const where = { ...at, pointer: '/predicate' }
  if (predicateType === SLSA_V1) {
    const { buildDefinition, runDetails } = checkShape(predicate, version1, 'provenance', where)
    const { buildType, resolvedDependencies } = buildDefinition
    return { buildType, builder: runDetails.builder.id, sources: toSources(resolvedDependencies ?? []) }
  }
  if (predicateType === SLSA_V02) {
    const {
      buildType,
      builder: by,
      invocation,
      materials: made,
    } = checkShape(predicate, version02, 'provenance', where)
    const configSource = invocation?.configSource
    const all = [...(configSource === null || configSource === undefined ? [] : [configSource]), ...(made ?? [])]
    return { buildType, builder: by.id, sources: toSources(all) }
  }
  throw new FormatError('provenance', 'UNSUPPORTED', `expected ${SLSA_V1} or ${SLSA_V02}, got ${predicateType}`, {
    at: { ...at, pointer: '/predicateType' },
  })
}

/** Version 1 calls a commit `gitCommit`; builders of version 0.2 say `sha1`. */
function toSources(found: readonly z.infer<typeof material>[]): readonly ProvenanceSource[] {
  const sources = found.flatMap(({ uri, digest }) => {
    const commit = digest?.['gitCommit'] ?? digest?.['sha1']
    return typeof uri === 'string' && commit !== undefined ? [{ uri, commit }] : []
  })
  return [...new Map(sources.map((source) => [`${source.commit} ${source.uri}`, source])).values()]
}
