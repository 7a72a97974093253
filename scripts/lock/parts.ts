// One part of a lock anew, the rest as it was; for pull requests that change one thing.
import { InvalidArgumentError } from 'commander'
import type { Lock } from '#specs/contract/lock.ts'
import { UsageError } from '../cli/command-line.ts'

/** Parts that a lock has once, each with the facts that are read from its image. */
const SINGLE = {
  catalogue: ['catalogue'],
  installerBase: ['installerBase'],
  imager: ['imager', 'systemdStub', 'systemdBoot'],
  kernel: ['kernelImage', 'kernel', 'baseInitramfs', 'kernelRelease', 'sourceDate', 'moduleKey'],
  installer: ['installer', 'ukiSections', 'commandLine'],
  reference: ['reference'],
} as const satisfies Readonly<Record<string, readonly (keyof Lock)[]>>
type Single = keyof typeof SINGLE

const SINGLES = Object.keys(SINGLE) as readonly Single[]
const LISTS = ['extensions', 'overlays'] as const
type List = (typeof LISTS)[number]

export type LockPart = { readonly part: List; readonly names: readonly string[] } | { readonly part: Single }

/** Parser of commander for an option that may be repeated: `extensions=drbd,zfs`, `catalogue`. */
export function parsePart(text: string, before: readonly LockPart[] = []): readonly LockPart[] {
  const single = SINGLES.find((one) => one === text)
  if (single !== undefined) return [...before, { part: single }]
  const list = LISTS.find((one) => text.startsWith(`${one}=`))
  const names = list === undefined ? [] : text.slice(list.length + 1).split(',')
  if (list !== undefined && !names.includes('')) return [...before, { part: list, names }]
  const lists = LISTS.map((one) => `${one}=NAME,…`).join(', ')
  throw new InvalidArgumentError(`expected ${lists} or one of ${SINGLES.join(', ')}.`)
}

/**
 * `locked` with these parts of `read`; extensions bring the catalogue that lists them, and imager the kernel where that
 * is from it. UsageError for an extension or an overlay that the contract does not name.
 */
export function updateParts(locked: Lock, read: Lock, parts: readonly LockPart[]): Lock {
  return parts.reduce((lock, one) => updatePart(lock, read, one), locked)
}

function updatePart(lock: Lock, read: Lock, one: LockPart): Lock {
  if (one.part === 'extensions') {
    const { catalogue } = read
    return { ...lock, ...(catalogue && { catalogue }), extensions: updateList(lock.extensions, read.extensions, one) }
  }
  if (one.part === 'overlays') return { ...lock, overlays: updateList(lock.overlays, read.overlays, one) }
  const isOfImager = lock.kernelImage === undefined || read.kernelImage === undefined
  const together = isOfImager && (one.part === 'imager' || one.part === 'kernel')
  const facts = together ? [...SINGLE.imager, ...SINGLE.kernel] : SINGLE[one.part]
  const names = new Set<string>(facts)
  const [kept, taken] = [
    Object.entries(lock).filter(([name]) => !names.has(name)),
    Object.entries(read).filter(([name, value]) => names.has(name) && value !== undefined),
  ]
  return Object.fromEntries([...kept, ...taken]) as Lock
}

type Named = { readonly name: string }

/** `locked` with these members of `read`. */
function updateList<T extends Named>(
  locked: readonly T[] = [],
  read: readonly T[] = [],
  { part, names }: { readonly part: List; readonly names: readonly string[] },
): readonly T[] {
  const missing = names.filter((name) => read.every((one) => one.name !== name))
  if (missing.length > 0)
    throw new UsageError(`--update: the contract names no ${part.replace(/s$/, '')} ${missing.join(', ')}`)
  const isNamed = ({ name }: Named): boolean => names.includes(name)
  return [...locked.filter((one) => !isNamed(one)), ...read.filter(isNamed)]
}
