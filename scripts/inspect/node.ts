// One thing inside an image, as inspect shows it: a file, a section, a segment, or a container of others.
import { formatLocation, HarnessError } from '#harness/errors.ts'
import type { ByteSource } from '#harness/bytes/source.ts'

/** What is known about a thing, by name; lists are names. */
export type Facts = Readonly<Record<string, string | number | readonly string[]>>

export type Node = {
  /** The name by which a path finds it in what is around it. */
  readonly name: string
  /** `file`, `folder`, `UKI`, `section`, `initramfs`, `segment`, `squashfs`, `kernel`, `layer`, … */
  readonly kind: string
  /** Bytes as stored; of a folder those of its files. */
  readonly size: number
  readonly facts: Facts
  /** The bytes, of what has any. */
  readonly data?: ByteSource
  /** Reads what is inside; absent where nothing is. HarnessError of the readers. */
  readonly open?: () => Promise<Inside>
  /** True where what is inside is shown without being asked for. */
  readonly shown?: boolean
}

export type Inside = {
  /** Facts that only a look inside gives. */
  readonly facts: Facts
  /** What is shown, in the order of the bytes. */
  readonly parts: readonly Node[]
  /** The thing of that name or path; also one that is not shown. */
  readonly find: (name: string) => Node | undefined
}

/** A container whose parts are all shown, and found by name. */
export function listOf(parts: readonly Node[], facts: Facts = {}): Inside {
  return { facts, parts, find: (name) => parts.find((part) => part.name === name) }
}

/** What a reader says; what is no error of a reader is a bug and is thrown. */
export function unreadable(error: unknown): Facts {
  if (!(error instanceof HarnessError)) throw error
  const place = error.at === undefined ? '' : ` (${formatLocation(error.at)})`
  return { unreadable: `${error.message}${place}` }
}
