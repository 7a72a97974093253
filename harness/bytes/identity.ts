// Sources that say what their bytes are, so that facts about them are found again wherever the same bytes are.
import type { ByteSource, Identity } from './source.ts'

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
