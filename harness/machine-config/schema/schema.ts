// The structure of Talos machine configurations by minor: data made by reflection over upstream's Go types, see
// fixtures/oracles/machine-config/README.md for the form and how to make it anew.
import { readFileSync } from 'node:fs'
import { parseType, type TypeExpression } from './type-expression.ts'

export const MINORS = ['1.11', '1.12', '1.13', '1.14'] as const
export type Minor = (typeof MINORS)[number]

type KindStructure = {
  readonly type: string
  /** Documents of the kind are distinguished by their name. */
  readonly named: boolean
  readonly controlPlaneOnly: boolean
  /** Kinds of which no document may have the same name. */
  readonly excludes: readonly string[]
}

export type Schema = {
  readonly minor: Minor
  readonly kinds: ReadonlyMap<string, KindStructure>
  /** The keys of a type, in alphabetical order; empty for a type that the data does not know. */
  readonly keysOf: (type: string) => ReadonlyMap<string, TypeExpression>
  /** The words of an enumeration; `~` before those that are read in any case, `1..9` for a range of numbers. */
  readonly wordsOf: (type: string) => readonly string[]
}

type SchemaData = {
  readonly kinds: Readonly<Record<string, string>>
  readonly words: Readonly<Record<string, readonly string[]>>
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const loaded = new Map<Minor, Schema>()

/** The schema of a minor, read when first asked for. */
export function schemaOf(minor: Minor): Schema {
  const known = loaded.get(minor)
  if (known !== undefined) return known
  const schema = toSchema(minor, readData(minor))
  loaded.set(minor, schema)
  return schema
}

/** The minor of a tag such as `v1.13.9`; undefined for one that the data does not know. */
export function minorOfTag(tag: string): Minor | undefined {
  const match = /^v?(\d+\.\d+)(?:\.\d+)?(?:[-+].*)?$/.exec(tag)
  return MINORS.find((minor) => minor === match?.[1])
}

/** `1.12 to 1.14`, of minors in order. */
export function describeMinors(minors: readonly Minor[]): string {
  const [first, ...rest] = minors
  const last = rest.at(-1)
  const isRun = MINORS.indexOf(last ?? '1.11') - MINORS.indexOf(first ?? '1.11') === rest.length
  if (last === undefined) return first ?? ''
  return isRun ? `${first} to ${last}` : minors.join(', ')
}

function readData(minor: Minor): SchemaData {
  return JSON.parse(readFileSync(new URL(`./${minor}.schema.json`, import.meta.url), 'utf8')) as SchemaData
}

function toSchema(minor: Minor, { kinds, words, types }: SchemaData): Schema {
  const parsed = new Map<string, ReadonlyMap<string, TypeExpression>>()
  return {
    minor,
    kinds: new Map(Object.entries(kinds).map(([kind, text]) => [kind, toKind(text)])),
    keysOf: (type) => {
      const known = parsed.get(type)
      if (known !== undefined) return known
      const keys = new Map(Object.entries(types[type] ?? {}).map(([key, text]) => [key, parseType(text)]))
      parsed.set(type, keys)
      return keys
    },
    wordsOf: (type) => words[type] ?? [],
  }
}

function toKind(text: string): KindStructure {
  const [type = '', ...flags] = text.split(' ')
  const excludes = flags.find((flag) => flag.startsWith('excludes='))
  return {
    type,
    named: flags.includes('named'),
    controlPlaneOnly: flags.includes('controlplane'),
    excludes: excludes?.slice('excludes='.length).split(',') ?? [],
  }
}
