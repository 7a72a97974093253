// The boot loader without its signature, to hold against the pinned one.
import type { ByteSource } from '#harness/bytes/source.ts'
import { unsignedSha256 } from '#harness/formats/uki/authenticode.ts'
import { readPe } from '#harness/formats/uki/pe.ts'

export type BootLoader = {
  readonly machine: number
  readonly subsystem: number
  readonly isSigned: boolean
  /** What is left without the signature. */
  readonly own: { readonly size: number; readonly sha256: string }
}

/** `size` is that of the pinned program. Errors of readPe. */
export async function readBootLoader(source: ByteSource, { size }: { readonly size: number }): Promise<BootLoader> {
  const { machine, subsystem, certificateTable } = await readPe(source)
  const isSigned = certificateTable.size > 0
  const end = isSigned ? certificateTable.offset : source.size
  // Certificates begin at a multiple of 8; the bytes before them are part of what is signed (INS-013, MED-007).
  const own = isSigned && end === Math.ceil(size / 8) * 8 ? size : end
  return { machine, subsystem, isSigned, own: { size: own, sha256: await unsignedSha256(source, own) } }
}
