// A document that a person wrote, by its schema: everything that is wrong with it at once, each with its line and column and
// the key that may have been meant.
import type { z } from 'zod'
import { HarnessError, SchemaError, type Issue, type Location } from '#harness/errors.ts'
import { parseYamlNodes, type YamlNode } from '#harness/formats/yaml/nodes.ts'
import { nearest } from './edits.ts'
import { keysAt } from './known-keys.ts'

/**
 * A finding before its place is known; `path` leads to it from the top. `isKey` where the key is wrong, not its value.
 */
export type Found = { readonly path: readonly PropertyKey[]; readonly message: string; readonly isKey?: boolean }

type Document = {
  readonly bytes: Uint8Array
  readonly where: Location
  /** What was found beside. */
  readonly found?: readonly Found[]
}

/** More keys are not listed one by one. */
const MAX_KEYS_NAMED = 12

/** `value`, which the YAML document `bytes` says, by `schema`. SchemaError with every issue. */
export function validateDocument<T>(name: string, schema: z.ZodType<T>, value: unknown, document: Document): T {
  const { bytes, where, found = [] } = document
  const result = schema.safeParse(value)
  if (result.success && found.length === 0) return result.data
  const all = [...(result.error?.issues.flatMap((issue) => describeIssue(issue, schema, value)) ?? []), ...found]
  const root = readNodes(bytes, where)
  const issues = all
    .map(({ path, message, isKey = false }): Issue => {
      const at = root === undefined ? undefined : placeIn(root, path, isKey)
      return { path: toPointer(path), message, ...(at !== undefined && { at: { ...where, ...at } }) }
    })
    .toSorted(byPlace)
  throw new SchemaError(name, issues, { at: where })
}

/** The line and column of a key's value, where the document has that key; undefined for YAML that has no tree. */
export function placeOfKey(
  bytes: Uint8Array,
  where: Location,
  path: readonly PropertyKey[],
): Pick<Location, 'line' | 'column'> | undefined {
  const root = readNodes(bytes, where)
  const isThere = root?.kind === 'map' && root.entries.has(String(path[0]))
  return isThere ? placeIn(root, path, false) : undefined
}

function byPlace({ at: a }: Issue, { at: b }: Issue): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0)
}

/** Undefined for YAML that has values and yet no tree, such as one with a merge key. */
function readNodes(bytes: Uint8Array, where: Location): YamlNode | undefined {
  try {
    return parseYamlNodes(bytes, where)[0]
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}

/** The place of what `path` leads to; where the document has not all of it, of the last part that it has. */
function placeIn(root: YamlNode, path: readonly PropertyKey[], isKey: boolean) {
  let [node, at] = [root, root.at]
  for (const [depth, part] of path.entries()) {
    if (node.kind === 'map') {
      const entry = node.entries.get(String(part))
      if (entry === undefined) break
      const isLast = depth === path.length - 1
      ;[node, at] = [entry.value, (isLast && isKey) || entry.value.kind !== 'scalar' ? entry.keyAt : entry.value.at]
    } else if (node.kind === 'list') {
      const item = node.items[Number(part)]
      if (item === undefined) break
      ;[node, at] = [item, item.at]
    } else break
  }
  return { line: at.line, column: at.column }
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): readonly Found[] {
  const { path } = issue
  const got = valueAt(value, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, keysAt(schema, path)))
    case 'invalid_key':
      return [{ path, message: issue.issues.map(({ message }) => message).join('; '), isKey: true }]
    case 'invalid_union': {
      const known = keysAt(schema, path)
      const unknown = isRecord(got) ? Object.keys(got).filter((key) => !known.includes(key)) : []
      return unknown.length === 0
        ? [{ path, message: issue.message }]
        : unknown.map((key) => unknownKey(path, key, known))
    }
    case 'invalid_value': {
      const options = issue.values.map(String)
      return [{ path, message: `expected ${options.join(' or ')}, got ${show(got)}${hint(String(got), options)}` }]
    }
    case 'invalid_type': {
      if (got !== undefined) return [{ path, message: `expected ${typeName(issue.expected)}, got ${show(got)}` }]
      return [{ path, message: `${String(path.at(-1))} is missing: expected ${typeName(issue.expected)}` }]
    }
    default: {
      const limit = limitOf(issue)
      if (limit !== undefined) return [{ path, message: `expected ${limit}, got ${size(got)}` }]
      const isWhole = typeof got !== 'string' || issue.message.includes(', got ')
      return [{ path, message: isWhole ? issue.message : `${issue.message}, got ${show(got)}` }]
    }
  }
}

function unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]): Found {
  const meant = hint(key, known)
  const others = known.length <= MAX_KEYS_NAMED ? `: expected one of ${known.join(', ')}` : ''
  return { path: [...path, key], message: `unknown key ${key}${meant === '' ? others : meant}`, isKey: true }
}

/** Letters of either case count as the same. */
function hint(written: string, known: readonly string[]): string {
  const alike = known.find((one) => one.toLowerCase() === written.toLowerCase())
  const meant = alike ?? nearest(written, known)
  return meant === undefined ? '' : `: did you mean ${meant}?`
}

/** The names that YAML has for the types of values. */
function typeName(expected: string): string {
  if (expected === 'object' || expected === 'record') return 'a mapping'
  if (expected === 'array') return 'a list'
  return expected === 'string' ? 'a text' : `a ${expected}`
}

/** `at most 1 entry`, `at least 10 letters`, `more than 0`; undefined where the schema has a sentence of its own. */
function limitOf(issue: z.core.$ZodIssue): string | undefined {
  if (!issue.message.startsWith('Too ')) return undefined
  if (issue.code === 'too_big')
    return `${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.origin, issue.maximum)}`
  if (issue.code !== 'too_small') return undefined
  return `${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.origin, issue.minimum)}`
}

function amount(origin: string, limit: number | bigint): string {
  if (origin === 'array') return limit === 1 ? '1 entry' : `${limit} entries`
  if (origin === 'string') return limit === 1 ? '1 letter' : `${limit} letters`
  return String(limit)
}

function size(value: unknown): string {
  return Array.isArray(value) ? String(value.length) : show(value)
}

const MAX_SHOWN = 60

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isRecord(value)) return 'a mapping'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[String(part)] : undefined), value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
