// Sources that say what their bytes are, so that facts about them are found again wherever the same bytes are.
import { makeSource, type ByteSource, type FactKeeper, type Identity } from './source.ts'
import type { Location } from '../errors.ts'

/** `source` with an identity, which its slices share. */
export function identified(source: ByteSource, identity: Identity | undefined): ByteSource {
  if (identity === undefined) return source
  return {
    size: source.size,
    where: source.where,
    identity,
    read: (offset, length) => source.read(offset, length),
    stream: (start, end, memory) => source.stream(start, end, memory),
    slice: (offset, length, where = source.where) =>
      identified(source.slice(offset, length, where), { ...identity, offset: identity.offset + offset }),
  }
}

/** The key of what `reader` makes of a source; undefined for one without an identity. */
export function keyOf({ identity, size }: Pick<ByteSource, 'identity' | 'size'>, reader: string): string | undefined {
  return identity && `${reader}(${identity.root}@${identity.offset}+${size})`
}

/**
 * The value of `read`, or what it gave for the same bytes before. It must hold no location and nothing of the source; each
 * `reader` is a name of its own. `bytesOf` estimates the memory of a value that is not small.
 */
export function factOf<T>(
  source: Pick<ByteSource, 'identity' | 'size'>,
  reader: string,
  read: () => Promise<T>,
  bytesOf?: (value: T) => number,
): Promise<T> {
  const key = keyOf(source, reader)
  return key === undefined || source.identity === undefined ? read() : source.identity.facts.keep(key, read, bytesOf)
}

/** Reads of headers and names; each is a fact of its own. */
const SMALL_READ = 4096

export type FollowedContent = {
  readonly facts: FactKeeper
  /** How the bytes follow from those that have a digest. */
  readonly root: string
  readonly size: number
  readonly where: Location
  /** The bytes; called at the first read that no fact answers. */
  readonly open: () => Promise<ByteSource>
}

/** Bytes that follow from others, and are made of them only where no fact says what was asked for. */
export function followedContent(content: FollowedContent, base = 0): ByteSource {
  const { facts, root, size, where, open } = content
  // Its checks of offsets need no bytes.
  const bounds = makeSource(() => Promise.reject(new Error('bounds hold no bytes')), 0, size, where)
  const inner = async (): Promise<ByteSource> => (await open()).slice(base, size, where)
  return {
    size,
    where,
    identity: { facts, root, offset: base },
    async read(offset, length) {
      bounds.slice(offset, length)
      if (length === 0) return new Uint8Array(0)
      if (length > SMALL_READ) return (await inner()).read(offset, length)
      const read = async (): Promise<Uint8Array> => Uint8Array.from(await (await inner()).read(offset, length))
      return facts.keep(`bytes(${root}@${base + offset}+${length})`, read, () => length)
    },
    async *stream(start = 0, end = size, memory) {
      yield* (await inner()).stream(start, end, memory)
    },
    slice(offset, length, partWhere = where) {
      bounds.slice(offset, length)
      return followedContent({ ...content, size: length, where: partWhere }, base + offset)
    },
  }
}
