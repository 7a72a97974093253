// Releases and extensions that are known to be bad: advisories.yaml, and the file given with --advisories.
import { readFile } from 'node:fs/promises'
import semver from 'semver'
import { z } from 'zod'
import { FormatError, SchemaError, type Location } from '#harness/errors.ts'
import { parseYaml } from '#harness/formats/yaml/document.ts'
import { parseYamlNodes } from '#harness/formats/yaml/nodes.ts'
import { validate } from '#harness/formats/yaml/schema.ts'
import { lazy } from '#harness/lazy.ts'

const range = z.string().refine((text) => semver.validRange(text) !== null, 'expected a semver range')
const path = z.string().regex(/^[^/\s][^\s]*$/, 'expected a path without a leading slash')

const advisorySchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'expected lower-case letters, digits, dots and dashes'),
  title: z.string().min(10),
  source: z.url(),
  /** The level of the rule that reports it. */
  level: z.enum(['must', 'should']),
  effect: z.string().min(10),
  talos: range.optional(),
  architecture: z.enum(['arm64', 'amd64']).optional(),
  extension: z.strictObject({ name: z.string().min(1), version: range.optional() }).optional(),
  /** Further conditions on the image; all must hold. */
  when: z
    .strictObject({
      missing: path.optional(),
      present: path.optional(),
      /** An option without CONFIG_; `n` for one that is off. */
      option: z.strictObject({ name: z.string().min(1), value: z.string().min(1) }).optional(),
      /** The value in the contract. */
      secureBoot: z.literal('true').optional(),
      /** Name of an argument that the command line has not. */
      withoutArgument: z.string().min(1).optional(),
    })
    .optional(),
  until: z
    .string()
    .regex(/^v\d+\.\d+\.\d+$/, 'expected a release such as v1.13.1')
    .optional(),
})
const advisoriesSchema = z.strictObject({ schema: z.literal('1'), advisories: z.array(advisorySchema).readonly() })

export type Advisory = Readonly<z.infer<typeof advisorySchema>>

/**
 * SchemaError with every issue, at the line of the first; FormatError MALFORMED when it is no YAML or has one id twice.
 */
export function parseAdvisories(bytes: Uint8Array, file: string): readonly Advisory[] {
  const at = { path: file }
  const value = parseYaml(bytes, at, { scalars: 'text' })
  const { advisories } = locate(bytes, at, () => validate('advisories', advisoriesSchema, value, at))
  const ids = advisories.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined)
    throw new FormatError('advisories', 'MALFORMED', `expected ${twice} once, got it twice`, { at })
  return advisories
}

function locate<T>(bytes: Uint8Array, at: Location, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    const { line, column } = placeOf(bytes, at, error.issues[0]?.path ?? '')
    throw new SchemaError('advisories', error.issues, { at: { ...at, line, column }, cause: error })
  }
}

/** The place of the value that the pointer leads to, as far as there is one. */
function placeOf(bytes: Uint8Array, at: Location, pointer: string): { readonly line: number; readonly column: number } {
  let node = parseYamlNodes(bytes, at)[0]
  for (const part of pointer.split('/').slice(1)) {
    const next =
      node?.kind === 'list'
        ? node.items[Number(part)]
        : node?.kind === 'map'
          ? node.entries.get(part)?.value
          : undefined
    if (next === undefined) break
    node = next
  }
  return node?.at ?? { line: 1, column: 1 }
}

/** Advisories that are shipped. */
export const shippedAdvisories = lazy(async () =>
  parseAdvisories(await readFile(new URL('advisories.yaml', import.meta.url)), 'specs/contract/advisories.yaml'),
)
