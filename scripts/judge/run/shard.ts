// Shards: a long list of images shared out to several runs, the images of one release to one of them.
import { createHash } from 'node:crypto'
import type { Conformance } from '../verdict/conformance.ts'

/** Shard `index`, from 1, of `of`. */
export type Shard = { readonly index: number; readonly of: number }

/** A shard with its share of the whole list. */
export type ShardPlace = Shard & {
  /** The number of references in the whole list, and the SHA-256 of it: every shard must be of the same. */
  readonly references: number
  readonly list: string
  /** Options that change what is judged, which every shard must have been given alike. */
  readonly judgedBy: Readonly<Record<string, string>>
  /** The positions in the whole list of the references that this shard judges, rising. */
  readonly own: readonly number[]
}

/**
 * The share of one shard: whole releases, the largest first, each to the shard that has least. It goes by the names alone,
 * so that every shard of the same list comes to the same shares. `names` has the release of each reference.
 */
export function shardPlace(
  shard: Shard,
  references: readonly string[],
  names: readonly string[],
  judgedBy: Readonly<Record<string, string>> = {},
): ShardPlace {
  const releases = new Map<string, number[]>()
  for (const [at, name] of names.entries()) releases.set(name, [...(releases.get(name) ?? []), at])
  const shares = Array.from({ length: shard.of }, (): number[] => [])
  const bySize = [...releases].toSorted(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1))
  for (const [, positions] of bySize) {
    const least = Math.min(...shares.map(({ length }) => length))
    shares.find(({ length }) => length === least)?.push(...positions)
  }
  return {
    ...shard,
    references: references.length,
    judgedBy,
    list: createHash('sha256').update(JSON.stringify(references)).digest('hex'),
    own: (shares[shard.index - 1] ?? []).toSorted((a, b) => a - b),
  }
}

/** The record of a shard in its report; `members` has the keys behind each candidate that is a release, first one first. */
export function shardRecord(
  { own, ...shard }: ShardPlace,
  judged: readonly { readonly key: string; readonly members?: readonly string[] | undefined }[],
  waivers: { readonly needed: readonly string[]; readonly unneeded: readonly string[] },
): NonNullable<Conformance['shard']> {
  const positionOf = new Map(judged.filter(({ members }) => members === undefined).map(({ key }, at) => [key, own[at]]))
  const positions = judged.map(({ key, members }) =>
    members === undefined
      ? (positionOf.get(key) ?? 0)
      : shard.references + Math.min(...members.map((member) => positionOf.get(member) ?? 0)),
  )
  const releases = judged.filter(({ members }) => members !== undefined).length
  return { ...shard, images: own.length, releases, positions, waivers }
}
