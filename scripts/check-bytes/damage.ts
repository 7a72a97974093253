// Damages of bytes: a bit flipped, a byte overwritten, bytes put in or taken out, two blocks that changed places.
import type { Random } from '#fixtures/random.ts'

const KINDS = ['flip', 'overwrite', 'insert', 'delete', 'swap'] as const
type DamageKind = (typeof KINDS)[number]

export type Damage = {
  readonly kind: DamageKind
  /** `flip bit 3 of byte 17`. */
  readonly what: string
  /** Other bytes than those that were given. */
  readonly bytes: Uint8Array
}

/** Size of what is put in, taken out or swapped, in bytes. */
const MAX_RUN = 16
/** The number of times that a swap of two equal blocks is drawn again. */
const ATTEMPTS = 20

/** One damage of `bytes`, which hold at least one. */
export function damage(bytes: Uint8Array, random: Random): Damage {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const damaged = draw(bytes, random.pick(KINDS), random)
    if (!Buffer.from(damaged.bytes).equals(bytes)) return damaged
  }
  return draw(bytes, 'flip', random)
}

function draw(bytes: Uint8Array, kind: DamageKind, random: Random): Damage {
  const at = random.below(bytes.length)
  const length = 1 + random.below(MAX_RUN)
  const copy = Buffer.from(bytes)
  if (kind === 'flip') {
    const bit = random.below(8)
    copy[at] = (copy[at] ?? 0) ^ (1 << bit)
    return { kind, what: `flip bit ${bit} of byte ${at}`, bytes: copy }
  }
  if (kind === 'overwrite') {
    const value = random.below(256)
    copy[at] = value
    return { kind, what: `overwrite byte ${at} with 0x${value.toString(16)}`, bytes: copy }
  }
  if (kind === 'insert') {
    const added = Buffer.from(Array.from({ length }, () => random.below(256)))
    const joined = Buffer.concat([copy.subarray(0, at), added, copy.subarray(at)])
    return { kind, what: `insert ${added.toString('hex')} at byte ${at}`, bytes: joined }
  }
  if (kind === 'delete') {
    const joined = Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)])
    return { kind, what: `delete ${bytes.length - joined.length} bytes at byte ${at}`, bytes: joined }
  }
  const other = random.below(bytes.length)
  const [first, second] = [Math.min(at, other), Math.max(at, other)]
  const run = Math.min(length, second - first, bytes.length - second)
  copy.set(bytes.subarray(second, second + run), first)
  copy.set(bytes.subarray(first, first + run), second)
  return { kind, what: `swap ${run} bytes at byte ${first} with those at byte ${second}`, bytes: copy }
}
