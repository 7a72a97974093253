// A place of an image where a byte can be damaged, and a part of one.
import type { CandidateImage, Tamper } from '#fixtures/counterexamples/candidate.ts'
import type { Free } from './free.ts'

type Damaged = { readonly image: CandidateImage; readonly tamper?: Tamper }

export type Place = {
  /** `config`, `uki headers`, `cpio headers`, …: what the table of results counts by. */
  readonly depth: string
  /** The file, section or member that contains it. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Ranges of `bytes` that a rule need not know. */
  readonly free: readonly Free[]
  put(bytes: Uint8Array): Damaged | Promise<Damaged>
}

/** A part of a place as a place of its own; a header of a tar gets its checksum back. */
export function within(place: Place, offset: number, size: number): Place {
  const { bytes } = place
  const isHeader = place.depth === 'tar header'
  return {
    ...place,
    bytes: bytes.subarray(offset, offset + size),
    free: place.free.map((one) => ({ ...one, offset: one.offset - offset })),
    put: (damaged) => {
      const joined = Buffer.concat([bytes.subarray(0, offset), damaged, bytes.subarray(offset + size)])
      return place.put(isHeader && isChecksumWhole(bytes, joined, offset) ? withChecksum(joined, offset) : joined)
    },
  }
}

/** True if the checksum of the header at `at` is as it was: a damage of its own must not be undone. */
function isChecksumWhole(before: Uint8Array, after: Uint8Array, at: number): boolean {
  const field = (tar: Uint8Array): Buffer => Buffer.from(tar).subarray(at + 148, at + 156)
  return before.length === after.length && field(before).equals(field(after))
}

/** The tar with the checksum of the header at `at` made right. */
function withChecksum(tar: Uint8Array, at: number): Uint8Array {
  const copy = Buffer.from(tar)
  copy.fill(0x20, at + 148, at + 156)
  const sum = copy.subarray(at, at + 512).reduce((total, byte) => total + byte, 0)
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1')
  return copy
}
