// One part of a lock anew, the rest as it was; for pull requests that change one thing.
import { InvalidArgumentError } from 'commander'
import type { Lock } from '#specs/contract/lock.ts'
import { UsageError } from '../cli/command-line.ts'

/** Images that a lock has once. */
const SINGLE = ['catalogue', 'installerBase', 'imager', 'installer', 'reference'] as const
type Single = (typeof SINGLE)[number]

export type LockPart = { readonly part: 'extensions'; readonly names: readonly string[] } | { readonly part: Single }

/** Parser of commander for an option that may be repeated: `extensions=drbd,zfs`, `catalogue`. */
export function parsePart(text: string, before: readonly LockPart[] = []): readonly LockPart[] {
  const single = SINGLE.find((one) => one === text)
  if (single !== undefined) return [...before, { part: single }]
  const names = text.startsWith('extensions=') ? text.slice('extensions='.length).split(',') : []
  if (names.length > 0 && !names.includes('')) return [...before, { part: 'extensions', names }]
  throw new InvalidArgumentError(`expected extensions=NAME,… or one of ${SINGLE.join(', ')}.`)
}

/**
 * `locked` with these parts of `read`; extensions bring the catalogue that lists them. UsageError for an extension that
 * the contract does not name.
 */
export function updateParts(locked: Lock, read: Lock, parts: readonly LockPart[]): Lock {
  return parts.reduce((lock, one) => updatePart(lock, read, one), locked)
}

function updatePart(lock: Lock, read: Lock, one: LockPart): Lock {
  if (one.part !== 'extensions') {
    const { [one.part]: _, ...rest } = lock
    const value = read[one.part]
    return value === undefined ? rest : { ...rest, [one.part]: value }
  }
  const missing = one.names.filter((name) => read.extensions?.every((extension) => extension.name !== name) ?? true)
  if (missing.length > 0) throw new UsageError(`--update: the contract names no extension ${missing.join(', ')}`)
  const others = lock.extensions?.filter(({ name }) => !one.names.includes(name)) ?? []
  const updated = read.extensions?.filter(({ name }) => one.names.includes(name)) ?? []
  const { catalogue } = read
  return { ...lock, ...(catalogue && { catalogue }), extensions: [...others, ...updated] }
}
