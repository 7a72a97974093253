// A range of bytes, and why they are what they are; or a range described by its parts.

/**
 * `pinned`: upstream's, by the lock. `derived`: follows by the recipe. `declared`: by the contract. `free`: no rule
 * needs it.
 */
export const BASES = ['pinned', 'derived', 'declared', 'free'] as const
type Basis = (typeof BASES)[number]

export type Reason = {
  readonly basis: Basis
  /** The fact, the recipe, the decision, or why the bytes are free. */
  readonly by: string
  /** The rule that holds it; '' for free bytes. */
  readonly rule: string
}

export type Leaf = Reason & { readonly name: string; readonly offset: number; readonly size: number }

export type Branch = {
  readonly name: string
  readonly offset: number
  readonly size: number
  /** Present where the parts are of what the range decodes to, and count from its start. */
  readonly decoded?: { readonly from: string; readonly size: number }
  readonly parts: readonly Span[]
}

/** `offset` counts from the start of the branch around it. */
export type Span = Leaf | Branch

export type Sums = { readonly [Name in Basis | 'unaccounted']: number }

/** A range that no part covers; there must be none. */
export type Gap = { readonly path: string; readonly offset: number; readonly size: number }

export function leaf(name: string, offset: number, size: number, reason: Reason): Leaf {
  return { name, offset, size, ...reason }
}

export const pinned = (by: string, rule: string): Reason => ({ basis: 'pinned', by, rule })
export const derived = (by: string, rule: string): Reason => ({ basis: 'derived', by, rule })
export const declared = (by: string, rule: string): Reason => ({ basis: 'declared', by, rule })
export const free = (by: string): Reason => ({ basis: 'free', by, rule: '' })

/**
 * `reason` from `offset` on, but for the bytes that `exceptions` (in the order of their offsets) take out. Offsets of
 * all count from one start.
 */
export function leafWith(
  name: string,
  offset: number,
  size: number,
  reason: Reason,
  exceptions: readonly Leaf[],
): readonly Leaf[] {
  const found: Leaf[] = []
  let at = offset
  for (const exception of exceptions) {
    if (exception.offset > at) found.push(leaf(name, at, exception.offset - at, reason))
    found.push(exception)
    at = exception.offset + exception.size
  }
  if (at < offset + size) found.push(leaf(name, at, offset + size - at, reason))
  return found
}

/** Bytes by basis, of leaves; those of a range described after decompression count decompressed. */
export function sumsOf(spans: readonly Span[]): Sums {
  const sums = { pinned: 0, derived: 0, declared: 0, free: 0, unaccounted: 0 }
  const add = (span: Span): void => {
    if ('basis' in span) sums[span.basis] += span.size
    else {
      for (const { size } of gapsOf(span)) sums.unaccounted += size
      span.parts.forEach(add)
    }
  }
  spans.forEach(add)
  return sums
}

/** Ranges of `branch` itself that no part covers. */
function gapsOf(branch: Branch): readonly Gap[] {
  const gaps: Gap[] = []
  let at = 0
  for (const { offset, size } of branch.parts.toSorted((a, b) => a.offset - b.offset)) {
    if (offset > at) gaps.push({ path: branch.name, offset: at, size: offset - at })
    at = Math.max(at, offset + size)
  }
  const end = branch.decoded?.size ?? branch.size
  if (at < end) gaps.push({ path: branch.name, offset: at, size: end - at })
  return gaps
}

/** The same of all that is inside, with the names on the way. */
export function allGaps(spans: readonly Span[], path = ''): readonly Gap[] {
  return spans.flatMap((span) => {
    if ('basis' in span) return []
    const name = path === '' ? span.name : `${path}!${span.name}`
    return [...gapsOf(span).map((gap) => ({ ...gap, path: name })), ...allGaps(span.parts, name)]
  })
}
